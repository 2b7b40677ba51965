"""A Meta that remembers: what was asked of it, what it took and when, and whether it may have told us."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

import orjson

from tracking_core.destinations.meta_capi.client import MetaClient, SendResult
from tracking_core.destinations.meta_capi.errors import FailureClass, Verdict
from tracking_core.kit import clock


class Mood(StrEnum):
    """How Meta behaves until told otherwise. ``lost`` moods take the events and do not say so."""

    ACCEPTS = "accepts"
    FAILS = "fails"
    THROTTLES = "throttles"
    REFUSES_TOKEN = "refuses_token"
    REFUSES_PERMISSION = "refuses_permission"
    REFUSES_ONE = "refuses_one"
    BEWILDERS = "bewilders"
    LOSES_THE_ANSWER = "loses_the_answer"
    TIMES_OUT = "times_out"
    KILLS_THE_WORKER = "kills_the_worker"
    TAKES_AND_KILLS_THE_WORKER = "takes_and_kills_the_worker"


class WorkerKilled(Exception):
    """Stands for kill -9 in mid-send: nothing after it is written down."""


_TAKES = {Mood.ACCEPTS, Mood.LOSES_THE_ANSWER, Mood.TAKES_AND_KILLS_THE_WORKER}
_KILLS = {Mood.KILLS_THE_WORKER, Mood.TAKES_AND_KILLS_THE_WORKER}
_ANSWERS = {
    Mood.FAILS: (FailureClass.TRANSIENT, 2, None, False),
    Mood.THROTTLES: (FailureClass.THROTTLED, 4, None, False),
    Mood.REFUSES_TOKEN: (FailureClass.CREDENTIAL, 190, 463, False),
    Mood.REFUSES_PERMISSION: (FailureClass.PERMISSION, 100, 33, False),
    Mood.BEWILDERS: (FailureClass.UNKNOWN, 999, None, False),
    Mood.LOSES_THE_ANSWER: (FailureClass.TRANSIENT, None, None, True),
    Mood.TIMES_OUT: (FailureClass.TRANSIENT, None, None, True),
}


@dataclass
class RememberingMeta(MetaClient):
    mood: Mood = Mood.ACCEPTS
    poison: str | None = None
    asked: list[tuple[datetime, str, str]] = field(default_factory=list)
    taken: dict[tuple[str, str], list[datetime]] = field(default_factory=dict)
    codes: dict[str, set[str | None]] = field(default_factory=dict)

    async def send(
        self, *, dataset_id: str, events: Sequence[bytes], test_event_code: str | None = None, **_: object
    ) -> SendResult:
        now = clock.now()
        ids = [str(orjson.loads(event)["event_id"]) for event in events]
        for event_id in ids:
            self.codes.setdefault(event_id, set()).add(test_event_code)
        self.asked += [(now, dataset_id, event_id) for event_id in ids]
        is_poisoned = self.mood is Mood.REFUSES_ONE and self.poison in ids
        if self.mood in _TAKES or (self.mood is Mood.REFUSES_ONE and not is_poisoned):
            for event_id in ids:
                self.taken.setdefault((dataset_id, event_id), []).append(now)
        if self.mood in _KILLS:
            raise WorkerKilled
        answer = (FailureClass.PAYLOAD, 100, 2804050, False) if is_poisoned else _ANSWERS.get(self.mood)
        return _result(answer, len(ids))


def _result(answer: tuple[FailureClass, int | None, int | None, bool] | None, received: int) -> SendResult:
    verdict = None
    if answer:
        failure, code, subcode, is_ambiguous = answer
        verdict = Verdict(failure, code, subcode, None, "", is_ambiguous, None)
    return SendResult(
        verdict=verdict,
        http_status=400 if verdict else 200,
        events_received=None if verdict else received,
        fbtrace_id="trace",
        latency_ms=1,
        api_version="v26.0",
        request_digest="0" * 64,
        response_excerpt="{}",
    )
