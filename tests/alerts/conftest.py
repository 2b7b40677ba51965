"""The application in process, and a shop whose alerts are told."""

from tests.alerts.told import shop
from tests.api.conftest import client, tenant

__all__ = ["client", "shop", "tenant"]
