"""How each fault answers."""

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from evals.simulators.meta.answers import Answers
from evals.simulators.meta.faults import Fault, FaultKind
from evals.simulators.meta.refusals import Reason, Refusal
from evals.simulators.meta.transport import cut, pause
from evals.simulators.meta.versions import another_version

_USAGE = '{"1":[{"type":"ads_management","call_count":100,"estimated_time_to_regain_access":1}]}'
_UNAVAILABLE = ("Service temporarily unavailable", "Serviço indisponível", "Tente outra vez em instantes.")
_LIMIT = ("Application request limit reached", "Limite atingido", "O aplicativo fez chamadas demais.")
_BUSY = ("Too many calls to this account", "Limite atingido", "A conta recebeu chamadas demais.")
_TOKEN_FAILED = ("Error validating access token", "Token de acesso inválido", "Gere um novo token de acesso.")

_POISONED = ("Invalid parameter", "Evento recusado", "Um evento da solicitação não foi aceito.")


async def play_before(fault: Fault, scope: Scope, receive: Receive, answers: Answers) -> Response | None:
    """Faults that answer without taking anything; None when the request goes on."""
    params = fault.params
    match fault.kind:
        case FaultKind.HTTP_500 | FaultKind.DEAD:
            return Response("Internal Server Error", 500)
        case FaultKind.HTML:
            return Response("<html><body>Bad Gateway</body></html>", 502, media_type="text/html")
        case FaultKind.REDIRECT:
            return Response(None, 302, {"location": params.location or _elsewhere(scope)})
        case FaultKind.POISON:
            subcode = params.subcode or Reason.TOO_WEAK.value.subcode
            return _said(answers, 400, 100, subcode, _POISONED)
        case FaultKind.TIMEOUT_BEFORE:
            await pause(receive, params.seconds)
            return Response("", 504)
        case FaultKind.DISCONNECT_BEFORE:
            await cut(scope, receive)
            return Response("", 504)
        case FaultKind.SLOW:
            await pause(receive, params.delay_ms / 1_000)
            return None
    return _graph_error(fault, answers, scope["method"])


def unreadable(kind: FaultKind) -> Response:
    """A success in which nobody finds what was asked for."""
    if kind is FaultKind.GARBAGE:
        return Response(b'{"data": {', media_type="application/json")
    return Response("", 200)


def _graph_error(fault: Fault, answers: Answers, method: str) -> Response:
    code, subcode = fault.params.code, fault.params.subcode
    match fault.kind:
        case FaultKind.GRAPH_500:
            return _said(answers, 500, code or 2, subcode, _UNAVAILABLE, is_transient=True)
        case FaultKind.HTTP_429:
            limited = _said(answers, 429, code or 4, subcode, _LIMIT)
            limited.headers["Retry-After"] = str(fault.params.retry_after)
            return limited
        case FaultKind.GRAPH_THROTTLE:
            throttled = _said(answers, 400, code or 80_004, subcode, _BUSY)
            throttled.headers["X-Business-Use-Case-Usage"] = _USAGE
            return throttled
        case FaultKind.CODE_190:
            return _said(answers, 401, 190, subcode, _TOKEN_FAILED)
    return answers.refused(Refusal(Reason.NO_OBJECT, f"Unsupported {method.lower()} request"))


def _said(
    answers: Answers,
    status: int,
    code: int,
    subcode: int | None,
    texts: tuple[str, str, str],
    *,
    is_transient: bool = False,
) -> Response:
    message, title, text = texts
    return answers.error(status, code, subcode, message, title=title, text=text, is_transient=is_transient)


def _elsewhere(scope: Scope) -> str:
    """A path of the simulator that answers whoever follows."""
    host, port = scope["server"]
    return f"http://{host}:{port}/healthz"


async def play_after(fault: Fault, count: int, scope: Scope, receive: Receive, send: Send, answers: Answers) -> None:
    """Faults that took the ``count`` events and then spoil the answer."""
    params, good = fault.params, answers.taken(count)
    match fault.kind:
        case FaultKind.TIMEOUT_AFTER_ACCEPT:
            await pause(receive, params.seconds)
            await good(scope, receive, send)
        case FaultKind.DISCONNECT_AFTER_ACCEPT:
            if params.has_begun:
                await _begin(good, send)
            await cut(scope, receive)
        case FaultKind.SLOW_BODY:
            await _drip(good, receive, send, params.delay_ms / 1_000)
        case _:
            await _spoiled(fault, count, scope, answers)(scope, receive, send)


def _spoiled(fault: Fault, count: int, scope: Scope, answers: Answers) -> Response:
    match fault.kind:
        case FaultKind.ZERO_RECEIVED:
            return answers.taken(0)
        case FaultKind.PARTIAL_RECEIVED:
            return answers.taken(count - 1)
        case FaultKind.HUGE_BODY:
            padding = "x" * int(fault.params.megabytes * 1_000_000)
            return answers.of(200, {"events_received": count, "messages": [padding]})
        case FaultKind.OLD_VERSION:
            asked = scope["path_params"]["version"]
            return Answers(fault.params.version or another_version(asked)).taken(count)
    return unreadable(fault.kind)


async def _begin(good: Response, send: Send) -> None:
    """The header and the first half of the body."""
    await send({"type": "http.response.start", "status": good.status_code, "headers": good.raw_headers})
    await send({"type": "http.response.body", "body": bytes(good.body)[: len(good.body) // 2], "more_body": True})


async def _drip(good: Response, receive: Receive, send: Send, delay_seconds: float) -> None:
    """One byte at a time."""
    await send({"type": "http.response.start", "status": good.status_code, "headers": good.raw_headers})
    body = bytes(good.body)
    for at in range(len(body)):
        await pause(receive, delay_seconds)
        await send({"type": "http.response.body", "body": body[at : at + 1], "more_body": at + 1 < len(body)})
