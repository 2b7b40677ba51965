"""Which faults there are and when, from a seed. Pure: the same seed breaks the same things at the same moments."""

import random
from dataclasses import dataclass
from enum import StrEnum


class FaultKind(StrEnum):
    WORKER_KILLED = "worker_killed"
    API_KILLED = "api_killed"
    SCHEDULER_KILLED = "scheduler_killed"
    REDIS_RESTARTED = "redis_restarted"
    REDIS_FLUSHED = "redis_flushed"
    POSTGRES_RESTARTED = "postgres_restarted"
    META_429 = "meta_429"
    META_500 = "meta_500"
    META_TIMEOUT_BEFORE = "meta_timeout_before"
    META_TIMEOUT_AFTER = "meta_timeout_after"
    TOKEN_REVOKED = "token_revoked"  # noqa: S105 - a fault's name


@dataclass(frozen=True, slots=True)
class Fault:
    """``at`` and ``seconds`` (how long it lasts) are seconds; ``target`` picks the replica or the shop it is about."""

    at: float
    kind: FaultKind
    seconds: float
    target: int


# How long each lasts, at least and at most.
_LASTING: dict[FaultKind, tuple[float, float]] = {
    FaultKind.WORKER_KILLED: (1.0, 4.0),
    FaultKind.API_KILLED: (1.0, 4.0),
    FaultKind.SCHEDULER_KILLED: (1.0, 4.0),
    FaultKind.REDIS_RESTARTED: (1.0, 5.0),
    FaultKind.REDIS_FLUSHED: (0.0, 0.0),
    FaultKind.POSTGRES_RESTARTED: (1.0, 3.0),
    FaultKind.META_429: (3.0, 8.0),
    FaultKind.META_500: (3.0, 8.0),
    FaultKind.META_TIMEOUT_BEFORE: (2.0, 5.0),
    FaultKind.META_TIMEOUT_AFTER: (2.0, 5.0),
    # Longer than the seconds between two evaluations of the alerts, so that it is seen whenever it begins.
    FaultKind.TOKEN_REVOKED: (45.0, 60.0),
}
_ONCE = frozenset({FaultKind.POSTGRES_RESTARTED, FaultKind.TOKEN_REVOKED})
# The beginning shows the calm; the end is long enough for what the faults left to be over.
_FROM, _UNTIL, _APART_SECONDS = 0.05, 0.8, 50.0


def plan(seed: int, seconds: float) -> list[Fault]:
    """In order of time, within the part of the run that has them: each kind at least once, the rest by chance."""
    chance = random.Random(seed)
    begin, end = seconds * _FROM, seconds * _UNTIL
    kinds = list(FaultKind)
    often = [kind for kind in kinds if kind not in _ONCE]
    kinds += chance.choices(often, k=max(0, int((end - begin) / _APART_SECONDS) - len(kinds)))
    chance.shuffle(kinds)
    apart = (end - begin) / len(kinds)
    return [_fault(chance, kind, begin + apart * (place + chance.uniform(0, 0.5))) for place, kind in enumerate(kinds)]


def _fault(chance: random.Random, kind: FaultKind, at: float) -> Fault:
    return Fault(round(at, 1), kind, round(chance.uniform(*_LASTING[kind]), 1), chance.randrange(1_000))
