"""The application in process."""

from tests.api.conftest import client, tenant

__all__ = ["client", "tenant"]
