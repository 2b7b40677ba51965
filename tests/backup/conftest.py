"""Two sellers with a pipeline each, one of whom has gone."""

import pytest

from tests.pipeline.conftest import Shop
from tests.reporting.conftest import BETO, ana, beto, sell
from tracking_core.db.engine import dispose, transaction
from tracking_core.kit import clock
from tracking_core.tenants import closing

__all__ = ["ana", "beto"]


@pytest.fixture
async def sold(ana: Shop, beto: Shop) -> Shop:
    """Ana's; Beto's is closed."""
    await sell(ana, "HP1", "HP2")
    await sell(beto, "HP3")
    async with transaction() as session:
        await closing.close(session, beto.tenant_id, name=BETO, actor="test", now=clock.now())
    await dispose()
    return ana
