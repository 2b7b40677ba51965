"""The pipeline's shop twice over, with one person planted in every table of both; and one whose gateways list sales."""

import pytest

from tests.pipeline.conftest import Shop
from tests.privacy.planted import Planted, plant
from tests.reconciliation.conftest import running, shop, vendors
from tests.reporting.conftest import ana, beto
from tracking_core.privacy import erase

__all__ = ["ana", "beto", "running", "shop", "vendors"]


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(erase, "_AFTER_SEARCH_SECONDS", 0)


@pytest.fixture
async def planted(ana: Shop) -> Planted:
    return await plant(ana)
