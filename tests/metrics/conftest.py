"""The shop and the application in process."""

from tests.api.conftest import client
from tests.pipeline.conftest import shop

__all__ = ["client", "shop"]
