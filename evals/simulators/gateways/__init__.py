"""Simulated checkouts, Hotmart (webhook 2.0) and Kiwify, that send signed histories of sales as the real ones do.

Written from the vendors' documented shapes and captured deliveries, not from the hub's adapters, which it checks.
"""
