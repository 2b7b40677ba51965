"""The pipeline's shop twice over, with one person planted in every table of both."""

import pytest

from tests.pipeline.conftest import Shop
from tests.privacy.planted import Planted, plant
from tests.reporting.conftest import ana, beto

__all__ = ["ana", "beto"]


@pytest.fixture
async def planted(ana: Shop) -> Planted:
    return await plant(ana)
