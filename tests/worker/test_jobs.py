"""A round of a job of the scheduler is counted under the job's name, however it ends."""

import pytest
from prometheus_client import REGISTRY

from tracking_core.worker import scheduler


@pytest.mark.parametrize(("error", "pause"), [(None, 60.0), (OSError(), 5.0), (KeyError(), 60.0)])
async def test_a_job_that_fails_is_known_by_its_name(error: Exception | None, pause: float) -> None:
    async def run() -> None:
        if error is not None:
            raise error

    outcome = "failed" if error else "done"
    before = _counted(outcome)
    assert await scheduler._round(scheduler.Job("tried", 60.0, run)) == pause
    assert _counted(outcome) == before + 1


def _counted(outcome: str) -> float:
    labels = {"work": "tried", "outcome": outcome}
    return REGISTRY.get_sample_value("hub_scheduler_jobs_total", labels) or 0.0
