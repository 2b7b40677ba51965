"""The made-up sale hop by hop. A hop may be repeated after a crash: its ids are fixed, so nothing happens twice.

A durable graph runs one hop per step and stops at the first that is red.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any, TypeVar

import orjson

from tracking_core.delivery.explain import explain_reason
from tracking_core.kit import clock
from tracking_core.ledger.read import CONNECTION_DISABLED
from tracking_core.matching.match import Rule
from tracking_core.models import OPEN_STATES, ConnectionState, Decision, DeliveryState
from tracking_core.proof import edge, evidence
from tracking_core.proof.codes import ProofCode
from tracking_core.proof.evidence import DeliverySeen, SaleSeen
from tracking_core.proof.run import HOPS, Hop, HopResult, ProofContext, ProofRun
from tracking_core.setup.outcome import REASON_LIMIT

_FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS = 0.02, 0.5
_Seen = TypeVar("_Seen")
_Facts = dict[str, Any]


class _Red(Exception):
    """Ends the hop. ``stored`` is a reason that a sale or a delivery keeps, to be said in words."""

    def __init__(self, code: ProofCode, reason: str, *, stored: str | None = None, **facts: object) -> None:
        super().__init__(reason)
        self.code, self.reason, self.stored, self.facts = code, reason, stored, facts


async def run_hop(run: ProofRun, hop: Hop, ctx: ProofContext) -> HopResult:
    """Green or red with its code; raises only when the database is away."""
    started = time.monotonic()
    code, reason, explanation = ProofCode.OK, "", ""
    try:
        facts = await _WORK[hop](run, ctx)
    except _Red as red:
        code, reason, facts = red.code, red.reason, red.facts
        explanation = explain_reason(red.stored) if red.stored else ""
    except edge.HubUnreachable as error:
        code, reason, facts = ProofCode.HUB_UNREACHABLE, str(error), {}
    return HopResult(
        hop=hop,
        code=code,
        reason=reason[:REASON_LIMIT],
        latency_ms=round((time.monotonic() - started) * 1_000),
        explanation=explanation,
        facts=facts,
    )


async def run_all(run: ProofRun, ctx: ProofContext) -> list[HopResult]:
    """Every hop in order, up to the first that is red."""
    results: list[HopResult] = []
    for hop in HOPS:
        results.append(await run_hop(run, hop, ctx))
        if not results[-1].is_green:
            break
    return results


async def _visit(run: ProofRun, ctx: ProofContext, *, hop: Hop, refused: ProofCode) -> _Facts:
    """One browser event of a visitor who grants the use of their data for ads."""
    body = {
        "url": ctx.page_url,
        "event_id": run.event_id(hop),
        "click_id": run.click_id,
        "session_id": run.visit_id,
        "fbclid": f"HubProof{run.proof_id.hex}",
        "utm_source": "hub",
        "utm_campaign": "proof",
        "consent_ads": True,
    }
    headers = {"content-type": "application/json", "x-hub-key": ctx.write_key}
    answer = await edge.post(ctx, f"/track/{hop.value}", orjson.dumps(body), headers)
    if answer.status != 202 or answer.said.get("click_id") != run.click_id:
        raise _Red(refused, answer.reason, http_status=answer.status)
    return {"event_id": body["event_id"], "click_id": run.click_id, "http_status": answer.status}


async def _webhook(run: ProofRun, ctx: ProofContext) -> _Facts:
    if not await evidence.is_announced(run):
        raise _Red(ProofCode.NOT_ANNOUNCED, "The sale id is not among the synthetic sales.")
    inbound = run.webhook(ctx.webhook_secret)
    answer = await edge.post(ctx, ctx.webhook_path, inbound.body, inbound.headers, inbound.query)
    if answer.status != 200:
        raise _Red(ProofCode.WEBHOOK_REFUSED, answer.reason, http_status=answer.status)
    return {"sale_id": run.sale_id, "http_status": answer.status, "status": answer.said.get("status")}


async def _match(run: ProofRun, ctx: ProofContext) -> _Facts:
    async def look() -> SaleSeen | None:
        seen = await evidence.sale(run)
        if seen is None and (unread := await evidence.unread(run)):
            raise _Red(ProofCode.WEBHOOK_NOT_READ, unread)
        return seen if seen and seen.rule else None

    seen = await _awaited(look, ctx, "No worker has processed the webhook.")
    if not seen.is_synthetic:
        raise _Red(ProofCode.NOT_ANNOUNCED, "The sale was processed as a real one.", conversion_id=str(seen.id))
    if seen.rule != Rule.CLICK_ID or seen.click_id != run.click_id:
        reason = f"Matched by the rule {seen.rule}, not to the click {run.click_id}."
        raise _Red(ProofCode.NOT_MATCHED, reason, rule=seen.rule, conversion_id=str(seen.id))
    return {"rule": seen.rule, "click_id": seen.click_id, "conversion_id": str(seen.id)}


async def _delivery(run: ProofRun, ctx: ProofContext) -> _Facts:
    _, planned = await _planned(run, ctx)
    if planned.test_event_code != run.test_event_code:
        raise _Red(ProofCode.NOT_PLANNED, "The delivery does not carry the test event code of the proof.")
    return {
        "delivery_id": str(planned.id),
        "connection_id": str(run.connection_id),
        "test_event_code": planned.test_event_code,
    }


async def _meta(run: ProofRun, ctx: ProofContext) -> _Facts:
    sale, planned = await _planned(run, ctx)
    latest = planned

    async def look() -> DeliverySeen | None:
        nonlocal latest
        latest = await evidence.delivery(run, sale.id) or latest
        _refuse_the_hopeless(latest)
        return latest if latest.state == DeliveryState.DELIVERED else None

    try:
        await _awaited(look, ctx, "No worker has sent the delivery.")
    except _Red as red:
        raise _late(latest) if red.code is ProofCode.TIMEOUT else red from None
    return await _receipt(latest)


async def _planned(run: ProofRun, ctx: ProofContext) -> tuple[SaleSeen, DeliverySeen]:
    """The decided sale and its delivery to the proof's connection."""

    async def look() -> SaleSeen | None:
        seen = await evidence.sale(run)
        return seen if seen and seen.decision != Decision.UNDECIDED else None

    sale = await _awaited(look, ctx, "Nothing has been decided about the sale.")
    facts = {"decision": sale.decision, "conversion_id": str(sale.id)}
    if sale.decision != Decision.PLANNED:
        stored = sale.decision_reason or sale.decision
        raise _Red(ProofCode.NOT_PLANNED, stored, stored=stored, **facts)
    planned = await evidence.delivery(run, sale.id)
    if planned is None:
        raise _Red(ProofCode.NOT_PLANNED, "There is no delivery to the connection of the proof.", **facts)
    return sale, planned


def _refuse_the_hopeless(seen: DeliverySeen) -> None:
    """A wait that would end in nothing: the delivery is over, or its connection sends nothing."""
    stored = seen.reason if seen.state in (DeliveryState.DEAD, DeliveryState.WITHHELD) else None
    if seen.state in OPEN_STATES and seen.is_disabled:
        stored = CONNECTION_DISABLED
    elif seen.state in OPEN_STATES and seen.connection_state == ConnectionState.ON_HOLD:
        stored = seen.hold_code
    if stored:
        raise _Red(ProofCode.NOT_DELIVERED, stored, stored=stored, state=seen.state, delivery_id=str(seen.id))


def _late(seen: DeliverySeen) -> _Red:
    """Who it is that we waited for in vain."""
    facts = {"state": seen.state, "delivery_id": str(seen.id)}
    if seen.state == DeliveryState.RETRYING and seen.reason:
        return _Red(ProofCode.META_UNAVAILABLE, seen.reason, stored=seen.reason, **facts)
    if seen.paused_until and seen.paused_until > clock.now():
        return _Red(ProofCode.META_UNAVAILABLE, "The connection rests after failures at Meta.", **facts)
    return _Red(ProofCode.TIMEOUT, "No worker has sent the delivery.", **facts)


async def _receipt(seen: DeliverySeen) -> _Facts:
    got = await evidence.accepted(seen.id)
    if got is None or not got.fbtrace_id or got.events_received != got.batch_size:
        raise _Red(ProofCode.NOT_DELIVERED, "No attempt has Meta's own word for it.", delivery_id=str(seen.id))
    return {
        "fbtrace_id": got.fbtrace_id,
        "events_received": got.events_received,
        "http_status": got.http_status,
        "latency_ms": got.latency_ms,
    }


async def _awaited(look: Callable[[], Awaitable[_Seen | None]], ctx: ProofContext, reason: str) -> _Seen:
    """Look until there is something, ever more seldom, for ``wait_seconds`` at most."""
    pause, deadline = _FIRST_PAUSE_SECONDS, time.monotonic() + ctx.wait_seconds
    while (seen := await look()) is None:
        if time.monotonic() + pause > deadline:
            raise _Red(ProofCode.TIMEOUT, reason, waited_seconds=ctx.wait_seconds)
        await asyncio.sleep(pause)
        pause = min(pause * 1.5, _LONGEST_PAUSE_SECONDS)
    return seen


_WORK: Mapping[Hop, Callable[[ProofRun, ProofContext], Awaitable[_Facts]]] = {
    Hop.CLICK: partial(_visit, hop=Hop.CLICK, refused=ProofCode.CLICK_REFUSED),
    Hop.PAGEVIEW: partial(_visit, hop=Hop.PAGEVIEW, refused=ProofCode.PAGEVIEW_REFUSED),
    Hop.INITIATE_CHECKOUT: partial(_visit, hop=Hop.INITIATE_CHECKOUT, refused=ProofCode.CHECKOUT_REFUSED),
    Hop.WEBHOOK: _webhook,
    Hop.MATCH: _match,
    Hop.DELIVERY: _delivery,
    Hop.META: _meta,
}
