"""One answer on its way to the client, spoiled by a fault if one was ordered."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

from starlette.responses import JSONResponse, RedirectResponse, Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from evals.simulators.llm import shapes
from evals.simulators.llm.state import Answer, Fault, FaultKind, ToolCall
from evals.simulators.meta.transport import cut, gone

_HTML = "<html><body><h1>502 Bad Gateway</h1></body></html>"
_SAID_BEFORE = 3  # the role and two words
_HUGE_BYTES = 8_000_000
_EVENTS = "text/event-stream"
Ask = tuple[bool, bool]  # whether it is to be streamed, and with its usage at the end


async def play(fault: Fault | None, answer: Answer, ask: Ask, scope: Scope, receive: Receive, send: Send) -> None:
    if fault is None:
        return await _sent(answer, ask)(scope, receive, send)
    if (connection := _CONNECTIONS.get(fault.kind)) is not None:
        return await connection(scope, receive, send, answer)
    return await _spoiled(fault, answer, ask)(scope, receive, send)


def _sent(answer: Answer, ask: Ask) -> Response:
    is_streamed, with_usage = ask
    if not is_streamed:
        return JSONResponse(shapes.completion(answer))
    return _events([*shapes.pieces(answer, with_usage=with_usage), shapes.DONE])


def _spoiled(fault: Fault, answer: Answer, ask: Ask) -> Response:
    """For faults that are an answer like another one, only not the one that was asked for."""
    match fault.kind:
        case FaultKind.STATUS:
            headers = {"retry-after": fault.retry_after} if fault.retry_after is not None else None
            return JSONResponse(shapes.refusal(fault.code, fault.message), fault.status, headers)
        case FaultKind.HTML:
            return Response(_HTML, media_type="text/html")
        case FaultKind.NO_CHOICES:
            said = {"object": "list", "data": []}
            return _events([shapes.event(said), shapes.DONE]) if ask[0] else JSONResponse(said)
        case FaultKind.GARBAGE:
            return (
                _events([b"data: {not json\n\n"]) if ask[0] else Response(b"{not json", media_type="application/json")
            )
        case FaultKind.STREAM_ERROR:
            return _events([shapes.event(shapes.refusal(fault.code, fault.message))])
        case FaultKind.REDIRECT:
            return RedirectResponse("/elsewhere")
        case FaultKind.HUGE:
            return _sent(Answer(text="a" * _HUGE_BYTES), ask)
        case FaultKind.SHORT:
            return _events(_begun(answer))
        case FaultKind.SLOW:
            pieces = [*shapes.pieces(answer, with_usage=ask[1]), shapes.DONE]
            return StreamingResponse(_paced(pieces, fault.seconds), media_type=_EVENTS)
        case FaultKind.CHATTER:
            return StreamingResponse(_chatter(fault.seconds), media_type=_EVENTS)
        case _:
            return _unusable(fault.kind, ask)


def _unusable(kind: FaultKind, ask: Ask) -> Response:
    if kind is FaultKind.EMPTY:
        return _sent(Answer(), ask)
    if kind is FaultKind.UNKNOWN_TOOL:
        return _sent(Answer(calls=[ToolCall(name="delete_everything")]), ask)
    assert kind is FaultKind.BAD_TOOL_JSON
    function = {"name": "read_status", "arguments": '{"a": '}
    call = {"index": 0, "id": "call_1", "type": "function", "function": function}
    return _events([shapes.piece({"tool_calls": [call]}), shapes.piece({}, "tool_calls"), shapes.DONE])


async def _hang(_scope: Scope, receive: Receive, _send: Send, _answer: Answer) -> None:
    await gone(receive)


async def _hang_after_headers(_scope: Scope, receive: Receive, send: Send, _answer: Answer) -> None:
    await _begin(send, [])
    await gone(receive)


async def _stall(_scope: Scope, receive: Receive, send: Send, answer: Answer) -> None:
    await _begin(send, _begun(answer))
    await gone(receive)


async def _reset(scope: Scope, receive: Receive, _send: Send, _answer: Answer) -> None:
    await cut(scope, receive, is_reset=True)


async def _cut(scope: Scope, receive: Receive, send: Send, answer: Answer) -> None:
    await _begin(send, _begun(answer))
    await cut(scope, receive)


_CONNECTIONS: dict[FaultKind, Callable[[Scope, Receive, Send, Answer], Awaitable[None]]] = {
    FaultKind.HANG: _hang,
    FaultKind.HANG_AFTER_HEADERS: _hang_after_headers,
    FaultKind.STALL: _stall,
    FaultKind.RESET: _reset,
    FaultKind.CUT: _cut,
}


async def _begin(send: Send, said: list[bytes]) -> None:
    headers = [(b"content-type", _EVENTS.encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b"".join(said), "more_body": True})


def _begun(answer: Answer) -> list[bytes]:
    words = answer if answer.text else Answer(text="um momento por favor")
    return list(shapes.pieces(words, with_usage=False))[:_SAID_BEFORE]


def _events(said: list[bytes]) -> Response:
    return Response(b"".join(said), media_type=_EVENTS)


async def _paced(said: list[bytes], seconds: float) -> AsyncIterator[bytes]:
    for one in said:
        await asyncio.sleep(seconds)
        yield one


async def _chatter(seconds: float) -> AsyncIterator[bytes]:
    for one in _for_ever():
        await asyncio.sleep(seconds)
        yield one


def _for_ever() -> Iterator[bytes]:
    while True:
        yield shapes.piece({"content": ""})
