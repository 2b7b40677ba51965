"""Live tenants looked at again with the checks of their setup: what broke since?"""
