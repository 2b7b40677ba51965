"""Recordings of a model's HTTP, one file for each scenario, in which a request is found by its whole body."""

from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Any

import orjson
from vcr.cassette import Cassette
from vcr.patch import PATCHER_NAMES
from vcr.record_mode import RecordMode
from vcr.request import Request

from evals.agent import taping

FOLDER = Path(__file__).parent / "cassettes"
_PATH = "/chat/completions"
_KEPT_HEADERS = frozenset({"content-type"})
_AROUND = 60
# The OpenAI client speaks through httpx2; every other client of this process stays as it is.
_OTHERS = tuple(name for name in PATCHER_NAMES if name != "httpx2")


class Use(StrEnum):
    """``LISTEN`` keeps nothing but what was asked."""

    LISTEN = "listen"
    RECORD = "record"
    REPLAY = "replay"


class Tape(Cassette):  # type: ignore[misc]
    """``misses`` say of each request without an answer where it differs from the nearest one; ``bodies`` are those of
    all requests."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.misses: list[str] = []
        self.bodies: list[str] = []

    def can_play_response_for(self, request: Request) -> bool:
        kept = self.filter_request(request)
        if not kept:
            return False
        self.bodies.append(_text(kept))
        can_play = bool(super().can_play_response_for(request))
        if not can_play and self.write_protected:
            self.misses.append(_miss(self, kept))
        return can_play

    @property
    def unplayed(self) -> int:
        return len(self) - len([count for count in self.play_counts.values() if count]) if self.write_protected else 0


@contextmanager
def taped(path: Path, use: Use) -> Iterator[Tape]:
    """Everything that goes to a model while the block lasts. A recording that a fault ends is not kept."""
    if use is not Use.REPLAY:
        path.unlink(missing_ok=True)
    options = {
        "path": str(path),
        "record_mode": RecordMode.NONE if use is Use.REPLAY else RecordMode.ALL,
        "match_on": (_same_path, _same_body),
        "before_record_request": _asked_of_model,
        "before_record_response": (lambda _response: None) if use is Use.LISTEN else _answer,
        "serializer": taping,
        "skip_patchers": _OTHERS,
        "record_on_exception": False,
    }
    with Tape.use(**options) as tape:
        yield tape


def _asked_of_model(request: Request) -> Request | None:
    """Without its headers, which hold the key."""
    if request.method != "POST" or not request.path.endswith(_PATH):
        return None
    kept = {name: value for name, value in request.headers.items() if name.lower() in _KEPT_HEADERS}
    return Request(request.method, f"http://model{request.path}", request.body, kept)


def _answer(response: dict[str, Any]) -> dict[str, Any]:
    kept = {name: value for name, value in response["headers"].items() if name.lower() in _KEPT_HEADERS}
    return {**response, "headers": kept}


def _same_path(one: Request, other: Request) -> None:
    assert (one.method, one.path) == (other.method, other.path)


def _same_body(one: Request, other: Request) -> None:
    asked, recorded = orjson.loads(one.body), orjson.loads(other.body)
    assert asked == recorded, _difference(asked, recorded)[1]


def _text(request: Request) -> str:
    body = request.body
    return body.decode() if isinstance(body, bytes) else str(body)


def _miss(tape: Tape, request: Request) -> str:
    asked = orjson.loads(request.body)
    recorded = [orjson.loads(one.body) for one in tape.requests]
    if not recorded:
        return "the model is asked and nothing is recorded"
    nearest = max((_difference(asked, one) for one in recorded), key=lambda said: said[0])
    return f"no recorded answer to this request; the nearest one differs at {nearest[1]}"


def _difference(asked: Any, recorded: Any) -> tuple[int, str]:
    """How far the two are the same, and what comes then."""
    one, other = (orjson.dumps(body, option=orjson.OPT_SORT_KEYS).decode() for body in (asked, recorded))
    at = next((n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    start = max(0, at - _AROUND)
    return at, f"…{one[start : at + _AROUND]}… (recorded: …{other[start : at + _AROUND]}…)"
