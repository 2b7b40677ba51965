"""Answers in the form of the chat completions API, whole or in pieces. Every id is always the same."""

import re
from collections.abc import Iterator
from typing import Any

import orjson

from evals.simulators.llm.state import Answer

_ID, _MODEL, _CREATED = "chatcmpl-simulated", "simulated", 1_700_000_000
USAGE = {"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120}
DONE = b"data: [DONE]\n\n"
_WORD = re.compile(r"\S+\s*|\s+")


def completion(answer: Answer) -> dict[str, Any]:
    message: dict[str, Any] = {"role": "assistant", "content": answer.text or None}
    if answer.calls:
        message["tool_calls"] = [_call(number, answer) for number in range(len(answer.calls))]
    choice = {"index": 0, "message": message, "finish_reason": finish_of(answer)}
    return {**_head("chat.completion"), "choices": [choice], "usage": USAGE}


def pieces(answer: Answer, *, with_usage: bool) -> Iterator[bytes]:
    """Word by word, then the calls, then the end; without ``[DONE]``."""
    yield piece({"role": "assistant", "content": ""})
    for word in _WORD.findall(answer.text):
        yield piece({"content": word})
    for number in range(len(answer.calls)):
        yield piece({"tool_calls": [{"index": number, **_call(number, answer)}]})
    yield piece({}, finish_of(answer))
    if with_usage:
        yield event({**_head("chat.completion.chunk"), "choices": [], "usage": USAGE})


def piece(delta: dict[str, Any], finish: str | None = None) -> bytes:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return event({**_head("chat.completion.chunk"), "choices": [choice]})


def event(said: Any) -> bytes:
    return b"data: " + orjson.dumps(said) + b"\n\n"


def refusal(code: str, message: str) -> dict[str, Any]:
    return {"error": {"message": message, "type": "simulated", "param": None, "code": code}}


def finish_of(answer: Answer) -> str:
    return answer.finish or ("tool_calls" if answer.calls else "stop")


def _call(number: int, answer: Answer) -> dict[str, Any]:
    call = answer.calls[number]
    function = {"name": call.name, "arguments": orjson.dumps(call.arguments).decode()}
    return {"id": f"call_{number + 1}", "type": "function", "function": function}


def _head(kind: str) -> dict[str, Any]:
    return {"id": _ID, "object": kind, "created": _CREATED, "model": _MODEL}
