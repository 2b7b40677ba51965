"""The one source of time. Tests replace ``now``'s backing function; nothing else may call ``datetime.now``."""

from collections.abc import Callable
from datetime import UTC, datetime

_source: Callable[[], datetime] = lambda: datetime.now(UTC)  # noqa: E731


def now() -> datetime:
    """The present, timezone-aware UTC."""
    return _source()


def set_source(source: Callable[[], datetime] | None) -> None:
    """Replace the clock (tests); ``None`` puts the system clock back."""
    global _source
    _source = source or (lambda: datetime.now(UTC))
