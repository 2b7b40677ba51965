"""Each round of a job of the scheduler is a trace: what it was called, how long it took, and whether it failed."""

from sqlalchemy.exc import OperationalError

from tests.telemetry.receiver import Receiver
from tracking_core.kit import clock
from tracking_core.settings import Settings
from tracking_core.telemetry import tracing
from tracking_core.worker.doorbell import Doorbell
from tracking_core.worker.scheduler import Job, _jobs, _round

PERSON = "maria.planted@example.com"


async def _good() -> None:
    pass


async def _away() -> None:
    raise OperationalError(f"SELECT '{PERSON}'", None, Exception(PERSON))


async def _broken() -> None:
    raise ValueError(PERSON)


async def test_a_round_is_a_trace_and_one_that_failed_says_how_and_nothing_else(receiver: Receiver) -> None:
    off = Settings(_env_file=None)
    assert [await _round(Job("quiet", 60, _good))] == [60]  # nobody is told
    tracing.start(off.model_copy(update={"otlp_endpoint": receiver.url, "telemetry_ratio": 1.0}), "scheduler")
    jobs = {"good": _good, "away": _away, "broken": _broken}
    before = clock.now().timestamp()
    assert [await _round(Job(name, 60, job)) for name, job in jobs.items()] == [60, 5, 60]
    tracing.stop()
    spans = sorted(receiver.spans, key=lambda one: one.start)
    assert [(one.name, one.is_error, one.attributes, one.parent, one.service) for one in spans] == [
        ("scheduler.good", False, {}, "", "hub-scheduler"),
        ("scheduler.away", True, {"error.type": "OperationalError"}, "", "hub-scheduler"),
        ("scheduler.broken", True, {"error.type": "ValueError"}, "", "hub-scheduler"),
    ]
    assert len({one.trace for one in spans}) == 3
    assert all(before <= one.start / 1e9 <= one.end / 1e9 for one in spans)
    assert PERSON.encode() not in b"".join(receiver.bodies)


async def test_every_job_has_a_name_of_its_own() -> None:
    settings = Settings(_env_file=None).model_copy(update={"redis_url": "redis://127.0.0.1:1"})  # nobody rings
    doorbell = Doorbell(settings)
    names = [one.name for one in _jobs(settings, doorbell)]
    await doorbell.close()
    assert len(set(names)) == len(names)
