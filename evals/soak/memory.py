"""Whether memory is flat: how much a process grows in an hour, over all its lives in the second half of a run. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from evals.soak.sampling import Sample

# What a process fills when it has just begun is no growth.
_WARM_UP_SECONDS, _LEAST_SAMPLES = 90.0, 12
Point = tuple[float, float]


def growth_by_process(samples: Sequence[Sample], since: float) -> dict[str, float]:
    """MB an hour for each process with enough samples after ``since`` (Unix seconds)."""
    lives: dict[tuple[str, int], list[Point]] = defaultdict(list)
    for sample in samples:
        for one in sample.memory:
            lives[one.process, one.pid].append((sample.at, one.mb))
    kept: dict[str, list[list[Point]]] = defaultdict(list)
    for (process, _pid), points in lives.items():
        born = points[0][0] if points[0][0] > samples[0].at else samples[0].at
        kept[process].append([one for one in points if one[0] >= max(since, born + _WARM_UP_SECONDS)])
    return {name: growth(found) for name, found in sorted(kept.items()) if sum(map(len, found)) >= _LEAST_SAMPLES}


def growth(lives: Iterable[Sequence[Point]]) -> float:
    """The slope of the least squares over several lives, each around its own mean, times 3600: MB an hour.

    A process that is restarted begins at another height; only what happens within a life is growth.
    """
    across, along = 0.0, 0.0
    for points in lives:
        if len(points) < 2:
            continue
        mean_at = sum(at for at, _ in points) / len(points)
        mean_mb = sum(mb for _, mb in points) / len(points)
        across += sum((at - mean_at) * (mb - mean_mb) for at, mb in points)
        along += sum((at - mean_at) ** 2 for at, _ in points)
    return across / along * 3_600 if along else 0.0


def peaks(samples: Sequence[Sample]) -> dict[str, float]:
    """The most that each process ever had, in MB."""
    found: dict[str, float] = {}
    for one in (memory for sample in samples for memory in sample.memory):
        found[one.process] = max(found.get(one.process, 0.0), one.mb)
    return found
