"""Carry out an effect at a gateway: written down before the call, and after a crash or a lost answer read back first.

The state aimed at is "a webhook with exactly our URL is there" or "is not there", which reading the list can tell.
"""

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from tracking_core.configuration.alone import alone
from tracking_core.configuration.codes import ConfigCode
from tracking_core.configuration.context import ActionFailed, ActionResult, ApplyContext
from tracking_core.configuration.effects import endpoint_of
from tracking_core.configuration.ledger import Done, Entry, before_of, begin, find, result_of, succeed
from tracking_core.configuration.local import record_failure, record_untold, recorded, refused
from tracking_core.configuration.opening import credentials
from tracking_core.configuration.ports import Credentials, RegistrarFailed
from tracking_core.connections.endpoints import secret_context
from tracking_core.db.engine import transaction
from tracking_core.models import ActionState
from tracking_core.tenants import service as tenants

_WEBHOOK_NAME = "Tracking Hub"


class Goal(StrEnum):
    PRESENT = "present"
    ABSENT = "absent"


@dataclass(frozen=True, slots=True)
class Work:
    """``kept`` are ids of webhooks that were there before us and are not ours to delete. ``allowed`` is asked before it
    is begun, and raises ActionFailed where it must not be."""

    goal: Goal
    params: dict[str, Any]
    kept: frozenset[str] = frozenset()
    allowed: Callable[[AsyncSession], Awaitable[None]] | None = None


@dataclass(frozen=True, slots=True)
class _Link:
    """The account in reach: what it takes to call the gateway, opened for this action only."""

    ctx: ApplyContext
    work: Work
    credentials: Credentials = field(repr=False)
    token: str | None = field(repr=False)

    async def look(self) -> list[str]:
        """The ids of the webhooks with exactly our URL."""
        listed = await self.ctx.registrar.list_webhooks(self.work.params["gateway"], self.credentials)
        return [one.id for one in listed if one.url == self.work.params["url"]]

    async def register(self) -> str:
        if self.token is None:
            raise ActionFailed(ConfigCode.STALE, "the endpoint is gone")
        made = await self.ctx.registrar.register_webhook(
            self.work.params["gateway"],
            self.credentials,
            name=_WEBHOOK_NAME,
            url=self.work.params["url"],
            token=self.token,
        )
        return made.id

    async def delete(self, webhook_id: str) -> None:
        await self.ctx.registrar.delete_webhook(self.work.params["gateway"], self.credentials, webhook_id)


async def run(ctx: ApplyContext, entry: Entry, work: Work) -> ActionResult:
    """What the call came to; made before, what it came to then. Raises StaleFence."""
    started = time.monotonic()
    try:
        async with alone(ctx):
            return await _run_alone(ctx, entry, work, started)
    except ActionFailed as failure:
        # An undo without a row would be in no list; an action without one is simply not done.
        return await record_untold(ctx, entry, failure, started) if entry.undoes else refused(ctx, entry, failure)


async def _run_alone(ctx: ApplyContext, entry: Entry, work: Work, started: float) -> ActionResult:
    async with transaction() as session:
        known = await find(session, ctx, entry.idem)
        if known is not None and known.state not in (ActionState.FAILED, ActionState.IN_FLIGHT):
            return recorded(known)
        was_begun = known is not None and known.state == ActionState.IN_FLIGHT
        there = (await before_of(session, known))["ids"] if known is not None and was_begun else None
        if work.allowed and not was_begun:
            await work.allowed(session)
    try:
        done = await _reached(ctx, entry, work, there)
    except ActionFailed as failure:
        return await record_failure(ctx, entry, failure, started)
    return await _write_down(ctx, entry, done, started)


async def _write_down(ctx: ApplyContext, entry: Entry, done: Done, started: float) -> ActionResult:
    async with transaction() as session:
        row = await find(session, ctx, entry.idem)
        assert row is not None
        await succeed(session, row, done, started=started)
        result = result_of(row)
        ctx.checkpoint("before_commit")
    ctx.checkpoint("after_commit")
    return result


async def _reached(ctx: ApplyContext, entry: Entry, work: Work, there: list[str] | None) -> Done:
    """``there`` is what was there when the action was begun, None when it begins now."""
    link = await _link(ctx, work)
    try:
        seen = await link.look()
    except RegistrarFailed as failure:
        raise _told(failure, is_unconfirmed=there is not None) from None
    if there is None:
        there = seen
        async with transaction() as session:
            await begin(session, ctx, entry, {"ids": there})
    if work.goal is Goal.PRESENT:
        return await _make_present(link, there, seen)
    return await _make_absent(link, seen)


async def _make_present(link: _Link, there: list[str], seen: list[str]) -> Done:
    new = [one for one in seen if one not in there]
    if not new and not there:
        new = [await _call(link, None)]
    after = {"webhook_id": (new or there)[0], "is_created": bool(new)}
    return Done(after=after, output={"webhook_id": after["webhook_id"], "url": link.work.params["url"]})


async def _make_absent(link: _Link, seen: list[str]) -> Done:
    doomed = [one for one in seen if one not in link.work.kept]
    for webhook_id in doomed:
        await _call(link, webhook_id)
    return Done(after={"deleted": doomed}, output={"url": link.work.params["url"]})


async def _call(link: _Link, webhook_id: str | None) -> str:
    """Delete that webhook, or register ours for None; the id. A lost answer is read back before anything else."""
    try:
        link.ctx.checkpoint("before_call")
        if webhook_id is None:
            webhook_id = await link.register()
        else:
            await link.delete(webhook_id)
        link.ctx.checkpoint("after_call")
    except RegistrarFailed as failure:
        if not failure.is_ambiguous:
            raise _told(failure) from None
        return await _read_back(link, webhook_id, failure)
    return webhook_id


async def _read_back(link: _Link, webhook_id: str | None, failure: RegistrarFailed) -> str:
    try:
        seen = await link.look()
    except RegistrarFailed:
        raise _told(failure, is_unconfirmed=True) from None
    if webhook_id is None and seen:
        return seen[0]
    if webhook_id is not None and webhook_id not in seen:
        return webhook_id
    # Not yet: the gateway may still be at it, so the row stays in flight and the next try looks again.
    raise _told(failure, is_unconfirmed=True)


def _told(failure: RegistrarFailed, *, is_unconfirmed: bool = False) -> ActionFailed:
    is_theirs = failure.is_provider_fault or is_unconfirmed
    code = ConfigCode.WEBHOOK_UNAVAILABLE if is_theirs else ConfigCode.WEBHOOK_REFUSED
    return ActionFailed(
        ConfigCode.WEBHOOK_UNCONFIRMED if is_unconfirmed else code,
        failure.reason,
        return_code=failure.return_code,
        is_provider_fault=is_theirs,
        is_unconfirmed=is_unconfirmed,
    )


async def _link(ctx: ApplyContext, work: Work) -> _Link:
    opened = await credentials(ctx, work.params["credentials"], work.params["account_id"])
    async with transaction() as session:
        return _Link(ctx, work, opened, await _token(session, ctx, work.params["endpoint_key"]))


async def _token(session: AsyncSession, ctx: ApplyContext, endpoint_key: str) -> str | None:
    """What the gateway is to sign with: the endpoint's own secret."""
    endpoint = await endpoint_of(session, ctx, endpoint_key)
    if endpoint is None or endpoint.disabled_at is not None:
        return None
    cipher = tenants.cipher_of(await tenants.get(session, ctx.tenant_id))
    return cipher.decrypt(bytes(endpoint.secret), secret_context(endpoint.id)).decode()
