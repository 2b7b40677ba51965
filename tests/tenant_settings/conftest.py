"""The application, the pipeline's shop, and a tenant whose configuration is applied by a setup."""

from tests.api.conftest import client, tenant
from tests.configuration.conftest import appliers, kiwify, world
from tests.pipeline.conftest import shop

__all__ = ["appliers", "client", "kiwify", "shop", "tenant", "world"]
