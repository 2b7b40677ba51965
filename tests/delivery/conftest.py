"""The shop of the pipeline's tests, and Meta's simulator over HTTP."""

from collections.abc import AsyncIterator

import httpx
import pytest

from tests.pipeline.conftest import shop
from tests.simulators.conftest import base_url, meta
from tracking_core.destinations.meta_capi.client import MetaClient

__all__ = ["base_url", "meta", "shop", "strict_meta"]


@pytest.fixture
async def strict_meta(base_url: str, meta: httpx.Client) -> AsyncIterator[MetaClient]:
    """A client of the simulator, which is as strict as Meta."""
    client = MetaClient(graph_url=base_url, version="v26.0", timeout_seconds=5)
    yield client
    await client.aclose()
