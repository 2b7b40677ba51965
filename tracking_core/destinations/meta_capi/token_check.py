"""Whether a token may send to a dataset, asked so that Meta stores nothing: an event of eight days ago is refused as
too old (100/2804003, seen live), and only after the token and its right to the dataset were found good."""

import re
from datetime import datetime, timedelta
from typing import Any

import orjson
import structlog

from tracking_core.destinations.meta_capi.check_codes import MEANINGS, MetaCode
from tracking_core.destinations.meta_capi.client import MetaClient, SendResult
from tracking_core.destinations.meta_capi.errors import INVALID_PARAMETER, FailureClass, Verdict
from tracking_core.destinations.meta_capi.event import MAX_EVENT_AGE
from tracking_core.destinations.meta_capi.token_facts import Graph, TokenFacts, shown
from tracking_core.kit.hashing import sha256_hex
from tracking_core.kit.ids import new_id
from tracking_core.setup.outcome import REASON_LIMIT, Fault, Outcome

PROBE_EVENT_NAME = "HubTokenCheck"
EXPIRY_NOTICE = timedelta(days=14)
NEEDED_SCOPE = "ads_management"

log = structlog.get_logger()

_PROBE_AGE = MAX_EVENT_AGE + timedelta(days=1)
# Refused for its missing event_name (100/2804019) when token and right are good.
_NOTHING = b"{}"
_TOO_OLD, _FIELD_MISSING, _NO_OBJECT = 2_804_003, 2_804_019, 33
_MAY_SEND = frozenset({_TOO_OLD, _FIELD_MISSING})
_DATASET = re.compile(r"[0-9]{1,32}")
# The masks need six characters to know a secret by.
_TOKEN = re.compile(r"[!-~]{6,4096}")
_VERSION = re.compile(r"v[0-9]{1,3}\.[0-9]{1,2}")
_BY_SUBCODE = {
    (190, 463): MetaCode.TOKEN_EXPIRED,
    (190, 458): MetaCode.TOKEN_REVOKED,
    (190, 460): MetaCode.TOKEN_REVOKED,
    (190, 467): MetaCode.TOKEN_REVOKED,
    (190, 492): MetaCode.TOKEN_REVOKED,
    (190, 459): MetaCode.OWNER_UNCONFIRMED,
    (190, 464): MetaCode.OWNER_UNCONFIRMED,
    (INVALID_PARAMETER, _NO_OBJECT): MetaCode.DATASET_NO_ACCESS,
}
_BY_CODE = {368: MetaCode.ACCOUNT_BLOCKED, 803: MetaCode.DATASET_NO_ACCESS}
_BY_FAILURE = {
    FailureClass.CREDENTIAL: MetaCode.TOKEN_INVALID,
    FailureClass.PERMISSION: MetaCode.PERMISSION_MISSING,
    FailureClass.THROTTLED: MetaCode.RATE_LIMITED,
    FailureClass.TRANSIENT: MetaCode.UNAVAILABLE,
}


async def check_token(
    *,
    graph_url: str,
    version: str,
    dataset_id: str,
    access_token: str,
    app_secret: str | None = None,
    timeout_seconds: float,
    now: datetime,
) -> Outcome:
    """Codes: MetaCode. Never raises for what Meta does; ``timeout_seconds`` bounds each of at most five calls.

    ``latency_ms`` and ``return_code`` are those of the call that decided. Facts: ``dataset_id, can_send, api_version``,
    and of a success also those of TokenFacts, moments in ISO 8601.
    """
    dataset_id, token, secret = dataset_id.strip(), access_token.strip(), (app_secret or "").strip() or None
    if malformed := _malformed(dataset_id, token, secret):
        return malformed
    client = MetaClient(graph_url=graph_url, version=version, timeout_seconds=timeout_seconds)
    try:
        result = await _probe(client, dataset_id, token, secret, now)
    finally:
        await client.aclose()
    code = _code_of(result, has_secret=secret is not None)
    secrets = (token, secret) if secret else (token,)
    if code is not MetaCode.OK:
        return _failure(code, result, dataset_id, secrets)
    base = f"{graph_url.rstrip('/')}/{version}"
    graph = Graph(base=base, access_token=token, app_secret=secret, timeout_seconds=timeout_seconds)
    return _success(result, dataset_id, version, await graph.facts(dataset_id), now)


def _malformed(dataset_id: str, token: str, secret: str | None) -> Outcome | None:
    """What is not even shaped right; the dataset's id is not repeated, it may be a token in the wrong field."""
    if not _DATASET.fullmatch(dataset_id):
        code, reason, named = MetaCode.DATASET_MALFORMED, "dataset_id is not 1 to 32 digits", ""
    elif not _TOKEN.fullmatch(token):
        code, reason, named = (
            MetaCode.TOKEN_MALFORMED,
            "access_token is empty, short or not printable ASCII",
            dataset_id,
        )
    elif secret is not None and not _TOKEN.fullmatch(secret):
        code, reason, named = MetaCode.APP_SECRET_WRONG, "app_secret is short or not printable ASCII", dataset_id
    else:
        return None
    params = {"dataset_id": named}
    return Outcome(is_success=False, code=code, reason=reason, facts={"can_send": None}, params=params)


async def _probe(client: MetaClient, dataset_id: str, token: str, secret: str | None, now: datetime) -> SendResult:
    """The result that decides. Another refusal of the event says little, so an empty one is asked then."""

    async def send(event: bytes) -> SendResult:
        return await client.send(dataset_id=dataset_id, access_token=token, events=[event], app_secret=secret)

    result = await send(_old_event(now))
    return await send(_NOTHING) if _is_doubtful(result.verdict) else result


def _old_event(now: datetime) -> bytes:
    """Complete, so that nothing but its age is wrong with it; of nobody, should it be stored after all."""
    nobody = sha256_hex("hub-token-check@example.com")
    event = {
        "event_name": PROBE_EVENT_NAME,
        "event_id": str(new_id()),
        "event_time": int((now - _PROBE_AGE).timestamp()),
        "action_source": "website",
        "event_source_url": "https://example.com/",
        "user_data": {"em": [nobody], "external_id": [nobody], "client_user_agent": "hub/0.1"},
    }
    return orjson.dumps(event)


def _is_doubtful(verdict: Verdict | None) -> bool:
    if verdict is None or verdict.code != INVALID_PARAMETER:
        return False
    return verdict.subcode not in _MAY_SEND and verdict.subcode != _NO_OBJECT


def _code_of(result: SendResult, *, has_secret: bool) -> MetaCode:
    verdict, status = result.verdict, result.http_status
    if verdict is None:
        return MetaCode.PROBE_STORED
    if verdict.code == INVALID_PARAMETER and verdict.subcode in _MAY_SEND:
        return MetaCode.OK
    if verdict.code == INVALID_PARAMETER and verdict.subcode is None:
        return _of_proof(verdict, has_secret)
    if verdict.code is None and status is not None and (status < 400 or status == 403):
        # Not Meta's words: a page of something in between, or a success that does not say what was taken.
        return MetaCode.UNEXPECTED_ANSWER
    by_number = _BY_SUBCODE.get((verdict.code or 0, verdict.subcode or 0)) or _BY_CODE.get(verdict.code or 0)
    return by_number or _BY_FAILURE.get(verdict.failure, MetaCode.UNEXPECTED_ANSWER)


def _of_proof(verdict: Verdict, has_secret: bool) -> MetaCode:
    """Even an empty event refused without a subcode: the proof, which Meta answers before it looks at events. That one
    was due shows in the parameter's name alone, which no language translates."""
    if has_secret:
        return MetaCode.APP_SECRET_WRONG
    return MetaCode.APP_SECRET_REQUIRED if "appsecret_proof" in verdict.message else MetaCode.UNEXPECTED_ANSWER


def _failure(code: MetaCode, result: SendResult, dataset_id: str, secrets: tuple[str, ...]) -> Outcome:
    if code is MetaCode.PROBE_STORED:
        log.error("meta_probe_was_stored", dataset_id=dataset_id, fbtrace_id=result.fbtrace_id)
    verdict = result.verdict
    wait = verdict.retry_after_seconds if verdict else None
    is_sellers = MEANINGS[code].fault is Fault.SELLER
    return Outcome(
        is_success=False,
        code=code,
        reason=_reason(result, secrets),
        return_code=result.http_status,
        latency_ms=result.latency_ms,
        facts={
            "dataset_id": dataset_id,
            "can_send": False if is_sellers else None,
            "api_version": _version_of(result),
        },
        params={"dataset_id": dataset_id},
        retry_after_seconds=round(wait) if wait else None,
    )


def _reason(result: SendResult, secrets: tuple[str, ...]) -> str:
    verdict = result.verdict
    if verdict is None:
        return "Meta took the eight days old event."
    numbers = "/".join(str(one) for one in (verdict.code, verdict.subcode) if one is not None)
    prefix = f"{numbers} " if numbers else ""
    return prefix + shown(verdict.message, secrets, REASON_LIMIT - len(prefix))


def _success(result: SendResult, dataset_id: str, asked: str, facts: TokenFacts, now: datetime) -> Outcome:
    answered = _version_of(result)
    return Outcome(
        is_success=True,
        code=MetaCode.OK,
        reason=f"{INVALID_PARAMETER}/{result.verdict.subcode if result.verdict else ''}: refused, as it should be",
        return_code=result.http_status,
        latency_ms=result.latency_ms,
        facts={"dataset_id": dataset_id, "can_send": True, "api_version": answered, **_told(facts)},
        warnings=tuple(_warnings(facts, asked, answered, now)),
        params={
            "dataset_id": dataset_id,
            "expires_on": facts.expires_at.date().isoformat() if facts.expires_at else "",
            "asked": asked,
            "answered": answered or "",
        },
    )


def _told(facts: TokenFacts) -> dict[str, Any]:
    moments = {name: getattr(facts, name) for name in ("expires_at", "data_access_expires_at")}
    return {
        "dataset_name": facts.dataset_name,
        "can_read_dataset": facts.can_read_dataset,
        "token_type": facts.token_type,
        "app_id": facts.app_id,
        "scopes": list(facts.scopes),
        **{name: moment.isoformat() if moment else None for name, moment in moments.items()},
    }


def _warnings(facts: TokenFacts, asked: str, answered: str | None, now: datetime) -> list[str]:
    found = {
        MetaCode.TOKEN_EXPIRING: facts.expires_at is not None and facts.expires_at - now < EXPIRY_NOTICE,
        MetaCode.SCOPE_MISSING: bool(facts.scopes) and NEEDED_SCOPE not in facts.scopes,
        MetaCode.DATASET_UNREADABLE: facts.can_read_dataset is False,
        MetaCode.VERSION_DIFFERS: answered is not None and answered != asked,
    }
    return [code.value for code, is_so in found.items() if is_so]


def _version_of(result: SendResult) -> str | None:
    version = result.api_version or ""
    return version if _VERSION.fullmatch(version) else None
