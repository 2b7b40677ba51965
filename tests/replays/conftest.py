"""The pipeline's shop and Meta's simulator, and the application over the same database."""

from tests.api.conftest import client
from tests.delivery.conftest import strict_meta
from tests.pipeline.conftest import shop
from tests.simulators.conftest import base_url, meta

__all__ = ["base_url", "client", "meta", "shop", "strict_meta"]
