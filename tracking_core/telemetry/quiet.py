"""Telemetry that breaks is told of once more and harms nobody."""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec

import structlog

log = structlog.get_logger()
Given = ParamSpec("Given")


def quietly(tell: Callable[Given, None]) -> Callable[Given, None]:
    """``tell``, which then never raises: what it tells of is done, and must not be done again for its sake."""

    @wraps(tell)
    def told(*args: Given.args, **kwargs: Given.kwargs) -> None:
        try:
            tell(*args, **kwargs)
        except Exception as error:
            log.warning("telemetry_failed", what=tell.__name__, error=type(error).__name__)

    return told
