"""What is measured every few seconds: memory by process, what is due, the ledger, the alerts that are open."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

import httpx
import psutil
import psycopg
from prometheus_client.parser import text_string_to_metric_families

from evals.bench.memory import resident_mb
from evals.soak.stack import SoakStack
from tracking_core.ledger.read import LEDGER

_LEDGER = f"SELECT state, count(*) FROM ({LEDGER}) l GROUP BY state"  # noqa: S608 - our own query
_ALERTS = "SELECT objective, severity, coalesce(tenant_id::text, '') FROM alerts WHERE state = 'open' ORDER BY 1, 2, 3"
_Read = TypeVar("_Read")


@dataclass(frozen=True, slots=True)
class Memory:
    """Of one life of a process: one that was restarted has another ``pid``."""

    process: str
    pid: int
    mb: float


@dataclass(frozen=True, slots=True)
class OpenAlert:
    """``tenant_id`` "": of the whole hub."""

    objective: str
    severity: str
    tenant_id: str


@dataclass(frozen=True, slots=True)
class Sample:
    """``at`` is Unix seconds. ``ledger`` and ``alerts`` are None while the database was away, ``due`` (by queue) and
    ``oldest`` (seconds) while no API told."""

    at: float
    memory: tuple[Memory, ...] = ()
    due: dict[str, int] | None = None
    oldest: float | None = None
    ledger: dict[str, int] | None = None
    alerts: tuple[OpenAlert, ...] | None = None


@dataclass(slots=True)
class Sampler:
    """``take`` blocks for as long as the hub takes to answer, a few seconds at most."""

    stack: SoakStack
    samples: list[Sample] = field(default_factory=list)

    def take(self) -> Sample:
        at, memory = time.time(), tuple(self._memory())
        due, oldest = self._backlog()
        ledger = _unless_away(lambda: dict(self.stack.rows(_LEDGER)))
        alerts = _unless_away(lambda: tuple(OpenAlert(*row) for row in self.stack.rows(_ALERTS)))
        sample = Sample(at, memory, due, oldest, ledger, alerts)
        self.samples.append(sample)
        return sample

    def _memory(self) -> list[Memory]:
        found = []
        for name, pid in self.stack.pids().items():
            try:
                found.append(Memory(name, pid, round(resident_mb(pid), 2)))
            except psutil.Error:
                continue  # it ended meanwhile
        return found

    def _backlog(self) -> tuple[dict[str, int] | None, float | None]:
        """As an operator's Prometheus reads it, from whichever API answers."""
        for port in self.stack.ports:
            try:
                said = httpx.get(f"http://127.0.0.1:{port}/metrics", timeout=5, trust_env=False).raise_for_status().text
            except httpx.HTTPError:
                continue
            return backlog_of(said)
        return None, None


def backlog_of(exposition: str) -> tuple[dict[str, int], float]:
    """What is due by queue, and the seconds of the oldest, from the text of ``/metrics``."""
    due, oldest = {}, 0.0
    for family in text_string_to_metric_families(exposition):
        for one in family.samples:
            if one.name == "hub_queue_depth":
                due[one.labels["queue"]] = int(one.value)
            elif one.name == "hub_queue_oldest_seconds":
                oldest = max(oldest, float(one.value))
    return due, oldest


def _unless_away(ask: Callable[[], _Read]) -> _Read | None:
    try:
        return ask()
    except psycopg.Error:
        return None
