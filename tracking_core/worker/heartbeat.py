"""When the loop of this process last turned, for whoever asks from outside of it."""

from time import monotonic

# A turn takes seconds, and less than this even while neither Redis nor the database answers: who asks them gives up.
SECONDS = 60.0


class Heartbeat:
    """Written by the loop, read by the thread that answers ``/healthz``."""

    def __init__(self, seconds: float = SECONDS) -> None:
        self._seconds, self._at = seconds, monotonic()

    def beat(self) -> None:
        self._at = monotonic()

    @property
    def age(self) -> float:
        """Seconds since the last turn."""
        return monotonic() - self._at

    @property
    def is_alive(self) -> bool:
        return self.age < self._seconds
