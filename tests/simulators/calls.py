"""Calls to the simulator, and the event that most tests change a little."""

import hashlib
import time
from typing import Any

import httpx

Json = dict[str, Any]

DAY = 86_400
HASH = hashlib.sha256(b"buyer@example.com").hexdigest()
DATASET, TOKEN = "1234567890", "EAATest"
URL = f"/v26.0/{DATASET}/events"
BRAZILIAN_MONEY = {"value": 197.9, "currency": "BRL"}


def event(event_id: Any = "sale-1", **changes: Any) -> Json:
    """A Purchase Meta takes; a change to None takes the key out."""
    whole = {
        "event_name": "Purchase",
        "event_time": int(time.time()),
        "event_id": event_id,
        "action_source": "website",
        "user_data": {"em": HASH},
        "custom_data": BRAZILIAN_MONEY,
    }
    return {key: value for key, value in (whole | changes).items() if value is not None}


def person(**keys: Any) -> Json:
    return event(user_data={"em": HASH, **keys})


def bought(**keys: Any) -> Json:
    return event(custom_data=BRAZILIAN_MONEY | keys)


def post(meta: httpx.Client, *events: Any, dataset: str = DATASET, token: str = TOKEN, **more: Any) -> httpx.Response:
    headers = {"authorization": f"Bearer {token}"}
    return meta.post(f"/v26.0/{dataset}/events", json={"data": list(events), **more}, headers=headers)


def numbers(answer: httpx.Response) -> tuple[int, int, int | None]:
    """HTTP status, error code, subcode."""
    error = answer.json()["error"]
    return answer.status_code, error["code"], error.get("error_subcode")


def taken(meta: httpx.Client, **query: str) -> list[Json]:
    found: list[Json] = meta.get("/_control/events", params=query).json()["events"]
    return found


def add_fault(meta: httpx.Client, kind: str, *, times: int | None = 1, **params: Any) -> None:
    fault = {"dataset_id": None, "kind": kind, "times": times, "params": params}
    assert meta.post("/_control/faults", json=fault).status_code == 204
