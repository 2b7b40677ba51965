"""Take a page of the gateway's list in: note what it says, and put what no webhook brought among the received ones.

From there it goes the way of every webhook (match, claim, consent, plan) as the same sale under the same event_id, so
whoever comes second, the webhook or the list, finds it there and nothing is sent again. The body is sealed like a raw
webhook's and holds the item as the gateway wrote it; its digest is the item's, so an item is kept once per endpoint.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from tracking_core.db import bulk
from tracking_core.gateways.sales_api import SalesApi
from tracking_core.kit.hashing import sha256_bytes
from tracking_core.kit.ids import new_id
from tracking_core.models import (
    BackfilledItem,
    BackfillReason,
    Conversion,
    ConversionStatus,
    GatewaySale,
    ReceivedWebhook,
    ReconciliationRun,
    WebhookState,
)
from tracking_core.reconciliation import renewals
from tracking_core.reconciliation.erasure import erased_among
from tracking_core.reconciliation.reading import ListedSale, Unreadable, read_item
from tracking_core.secrets.keyring import TenantCipher
from tracking_core.tenants.lookup import cipher_of, get

_ONCE = "ON CONFLICT (endpoint_id, body_digest) DO NOTHING"
_LAST_WORD = bulk.replacing(
    "endpoint_id, sale_id", ["status", "said_status", "amount", "currency", "ordered_at", "seen_at"]
)
_DIGEST_OF_ITEM = b"sales_api_item\n"


@dataclass(frozen=True, slots=True)
class _Here:
    """The sale as the ledger has it, be it of an endpoint that the gateway posted to before this one."""

    status: ConversionStatus
    endpoint_id: UUID


@dataclass(frozen=True, slots=True)
class _News:
    """An item to be put among the received webhooks of the endpoint that its sale is of."""

    item: ListedSale | Unreadable
    reason: BackfillReason
    endpoint_id: UUID


async def take_in(
    session: AsyncSession, run: ReconciliationRun, api: SalesApi, items: Sequence[Any], now: datetime, grace: timedelta
) -> bool:
    """Count the page into the run, which the caller holds; whether the pipeline has something to do now.

    What was paid within ``grace`` may still be on its way as a webhook: it waits for the next round.
    """
    tenant = await get(session, run.tenant_id)
    cipher = cipher_of(tenant)
    read = [found for item in items if (found := read_item(api, item, seen_at=now))]
    listed = await _ours_to_know(session, run, cipher, [one for one in read if isinstance(one, ListedSale)])
    await _note(session, run, listed, now)
    here = await _found(session, run, listed)
    listed = await renewals.marked(session, run, api, tenant.default_country, listed, here)
    own = run.endpoint_id
    news = [_News(one, BackfillReason.UNREADABLE, own) for one in read if isinstance(one, Unreadable)]
    for one in listed:
        known = here.get(one.sale_id)
        reason = None if _may_still_come(one, now - grace) else _reason(one, known)
        run.found += 1
        if reason is None:
            run.known += 1
        else:
            news.append(_News(one, reason, known.endpoint_id if known else own))
    return await _put(session, run, cipher, news, now)


async def _ours_to_know(
    session: AsyncSession, run: ReconciliationRun, cipher: TenantCipher, listed: Sequence[ListedSale]
) -> list[ListedSale]:
    """Those of the run's time that were not erased; of a sale that is there twice, the later word."""
    within = {one.sale_id: one for one in listed if run.since <= one.ordered_at < run.until}
    erased = await erased_among(session, run.tenant_id, cipher, within)
    return [within[sale] for sale in sorted(within) if sale not in erased]


async def _note(session: AsyncSession, run: ReconciliationRun, listed: Sequence[ListedSale], now: datetime) -> None:
    rows = [
        {
            "endpoint_id": run.endpoint_id,
            "sale_id": one.sale_id,
            "tenant_id": run.tenant_id,
            "status": one.status,
            "said_status": one.said_status,
            "amount": one.said.value.amount if one.said.value else None,
            "currency": one.said.value.currency if one.said.value else None,
            "ordered_at": one.ordered_at,
            "seen_at": now,
        }
        for one in listed
    ]
    await bulk.insert(session, GatewaySale, rows, conflict=_LAST_WORD)


async def _found(session: AsyncSession, run: ReconciliationRun, listed: Sequence[ListedSale]) -> Mapping[str, _Here]:
    query = (
        select(Conversion.sale_id, Conversion.status, Conversion.endpoint_id)
        .where(
            col(Conversion.sale_id).in_([one.sale_id for one in listed]),
            col(Conversion.tenant_id) == run.tenant_id,
            col(Conversion.gateway) == run.gateway,
        )
        .order_by(col(Conversion.endpoint_id) == run.endpoint_id)
    )
    rows = (await session.execute(query)).all()
    return {sale_id: _Here(ConversionStatus(status), endpoint) for sale_id, status, endpoint in rows}


def _may_still_come(one: ListedSale, before: datetime) -> bool:
    """When a sale was undone is not always told, and to hear of that twice does no harm."""
    return one.status is ConversionStatus.APPROVED and one.said.occurred_at > before


def _reason(one: ListedSale, here: _Here | None) -> BackfillReason | None:
    if here is None:
        return BackfillReason.MISSING
    return BackfillReason.CHANGED if one.status.rank > here.status.rank else None


async def _put(
    session: AsyncSession, run: ReconciliationRun, cipher: TenantCipher, news: Sequence[_News], now: datetime
) -> bool:
    """What an earlier run has put there is known by now."""
    by_id = {new_id(): one for one in news}
    rows = [_webhook(run, cipher, webhook_id, one, now) for webhook_id, one in by_id.items()]
    put = {found for (found,) in await bulk.insert(session, ReceivedWebhook, rows, conflict=_ONCE, returning="id")}
    await bulk.insert(session, BackfilledItem, [_origin(run, found, by_id[found], now) for found in put])
    for webhook_id, one in by_id.items():
        _count(run, one.reason, is_put=webhook_id in put)
    return any(by_id[found].reason is not BackfillReason.UNREADABLE for found in put)


def _count(run: ReconciliationRun, reason: BackfillReason, *, is_put: bool) -> None:
    if reason is BackfillReason.UNREADABLE:
        run.unreadable += 1
    elif not is_put:
        run.known += 1
    elif reason is BackfillReason.MISSING:
        run.missing += 1
    else:
        run.changed += 1


def _webhook(
    run: ReconciliationRun, cipher: TenantCipher, webhook_id: Any, one: _News, now: datetime
) -> dict[str, Any]:
    unreadable = one.item if isinstance(one.item, Unreadable) else None
    return {
        "id": webhook_id,
        "tenant_id": run.tenant_id,
        "endpoint_id": one.endpoint_id,
        "gateway": run.gateway,
        "body": cipher.encrypt(one.item.body, f"webhook:{webhook_id}:body"),
        "body_digest": sha256_bytes(_DIGEST_OF_ITEM + one.item.identity),
        "state": WebhookState.UNREADABLE if unreadable else WebhookState.RECEIVED,
        "reason": f"sales_api:{unreadable.problem}" if unreadable else None,
        "attempts": 0,
        "received_at": now,
        "due_at": now,
        "processed_at": now if unreadable else None,
    }


def _origin(run: ReconciliationRun, webhook_id: Any, one: _News, now: datetime) -> dict[str, Any]:
    sale, bad = (one.item, None) if isinstance(one.item, ListedSale) else (None, one.item)
    return {
        "webhook_id": webhook_id,
        "tenant_id": run.tenant_id,
        "endpoint_id": one.endpoint_id,
        "run_id": run.id,
        "reason": one.reason,
        "sale_id": sale.sale_id if sale else None,
        "problem": bad.problem if bad else None,
        "created_at": now,
    }
