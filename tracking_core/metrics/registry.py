"""Declaring a metric. Every one of the hub's is made here, so that documents and rules can be held against them."""

from collections.abc import Sequence

from prometheus_client import Counter, Gauge, Histogram, disable_created_metrics
from prometheus_client.metrics import MetricWrapperBase

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
# A sale may wait for a bad token for days; 60 s is the promise.
LONG_SECONDS = (0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 900.0, 3_600.0, 21_600.0, 86_400.0, 604_800.0)
SIZES = (1.0, 2.0, 5.0, 10.0, 25.0, 50.0, 100.0, 250.0, 500.0, 1_000.0)

# A second series for each, which no query here reads.
disable_created_metrics()  # type: ignore[no-untyped-call]
declared: list[MetricWrapperBase] = []


def counter(name: str, meaning: str, labels: Sequence[str] = ()) -> Counter:
    """``name`` ends in ``_total``."""
    made = Counter(name, meaning, labels)
    declared.append(made)
    return made


def gauge(name: str, meaning: str, labels: Sequence[str] = ()) -> Gauge:
    made = Gauge(name, meaning, labels)
    declared.append(made)
    return made


def histogram(name: str, meaning: str, labels: Sequence[str] = (), *, buckets: Sequence[float] = SECONDS) -> Histogram:
    made = Histogram(name, meaning, labels, buckets=buckets)
    declared.append(made)
    return made
