"""Traces of a test go to a receiver of its own."""

from collections.abc import Iterator

import pytest

from tests.pipeline.conftest import shop
from tests.telemetry.receiver import Receiver, receiving
from tracking_core.telemetry import tracing

__all__ = ["receiver", "shop"]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as made:
        yield made
        tracing.stop()
