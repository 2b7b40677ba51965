"""A token bucket per key, in this process: bounded memory, no round trip on the hot path."""

import time
from collections import OrderedDict

from tracking_core.errors import RateLimited

_KEYS_MAX = 100_000


class RateLimiter:
    """Allows ``per_second`` on average and twice that in a burst; each API process keeps its own count."""

    def __init__(self, per_second: int) -> None:
        self._rate, self._burst = float(per_second), float(per_second * 2)
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def check(self, key: str) -> None:
        """Take one token or raise RateLimited with the seconds until there is one."""
        now = time.monotonic()
        tokens, seen = self._buckets.pop(key, (self._burst, now))
        tokens = min(self._burst, tokens + (now - seen) * self._rate)
        self._buckets[key] = (max(tokens - 1.0, tokens if tokens < 1.0 else 0.0), now)
        if len(self._buckets) > _KEYS_MAX:
            self._buckets.popitem(last=False)
        if tokens < 1.0:
            raise RateLimited(retry_after_seconds=max(1, round((1.0 - tokens) / self._rate)))
