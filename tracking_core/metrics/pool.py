"""The database pool as it is when it is asked."""

from collections.abc import Callable

from sqlalchemy.pool import QueuePool

from tracking_core.db import engine
from tracking_core.metrics.infrastructure import POOL, POOL_SIZE


def watch() -> None:
    """From now on ``/metrics`` tells of this process's pool."""
    POOL_SIZE.set_function(lambda: _of_pool(QueuePool.size))
    POOL.labels("in_use").set_function(lambda: _of_pool(QueuePool.checkedout))
    POOL.labels("idle").set_function(lambda: _of_pool(QueuePool.checkedin))


def _of_pool(ask: Callable[[QueuePool], int]) -> float:
    held = engine._engine
    pool = held.sync_engine.pool if held is not None else None
    return float(ask(pool)) if isinstance(pool, QueuePool) else 0.0
