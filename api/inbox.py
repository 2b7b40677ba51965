"""Ask a session for something and wait for what comes of it: in the inbox and committed, then the bell, then the wait.

No transaction is open while a secrets manager is written or while waiting: what is slow must not keep a connection of
the pool.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any
from uuid import UUID

import orjson
from fastapi import Header, Request
from pydantic import BaseModel
from sqlmodel import select

from api.credentials import filled, require_references, sealed
from api.limits import Allowance
from tracking_core.db.engine import after_commit, transaction
from tracking_core.models import SetupIntent, SetupSession, Tenant
from tracking_core.secrets import vault
from tracking_core.secrets.keyring import cipher_for
from tracking_core.setup import sessions
from tracking_core.setup.inbox import IntentKind, enqueue, known, require_room, require_same
from tracking_core.tenants import service as tenants
from tracking_core.worker.doorbell import Bell

IdempotencyKey = Annotated[str, Header(alias="Idempotency-Key", max_length=128, pattern=r"^[!-~]*$")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who asks, from the key they sent."""

    tenant_id: UUID
    actor: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What a caller wants of a session. ``body`` is what they sent; in ``payload``, made from it, credentials stand as
    ``Given``. ``key`` is their Idempotency-Key."""

    kind: IntentKind
    payload: Mapping[str, Any] = field(default_factory=dict, repr=False)
    body: BaseModel | None = field(default=None, repr=False)
    key: str = ""

    @property
    def client_id(self) -> str:
        """Apart from other kinds' keys, and from the names the hub gives its own intents."""
        return f"api:{self.kind}:{self.key}" if self.key else ""

    def digest(self, tenant: Tenant) -> str:
        """Keyed with the tenant's data key: nothing is told by it but that the same was asked again."""
        body = self.body.model_dump(mode="json", exclude_unset=True) if self.body else {}
        asked = b"intent\0" + orjson.dumps({"kind": self.kind, "body": body}, option=orjson.OPT_SORT_KEYS)
        return cipher_for(tenant.id, tenant.wrapped_data_key).fingerprint(asked)


async def ask(request: Request, caller: Caller, session_id: UUID, wish: Wish) -> SetupIntent:
    """The intent, handled or, when that takes longer than the hub lets a caller wait, still queued.

    Raises InvalidRequest for a reference that names no credential of the session, IdempotencyKeyReused, InboxFull,
    RateLimited and SecretStoreUnavailable.
    """
    allowance: Allowance = request.app.state.allowance
    with allowance.action(caller.tenant_id):
        return await handled(request, await _asked(request, caller, session_id, wish, allowance.limits.queued))


async def handled(request: Request, intent_id: UUID) -> SetupIntent:
    """The intent once it is off the queue, or as it stands when the time is over."""
    await request.app.state.waiting.off_queue(intent_id, request.app.state.settings.setup_action_wait_seconds)
    async with transaction() as session:
        return (await session.scalars(select(SetupIntent).where(SetupIntent.id == intent_id))).one()


async def _asked(request: Request, caller: Caller, session_id: UUID, wish: Wish, limit: int) -> UUID:
    """The id of the intent, new or the one asked before with this key."""
    async with transaction() as session:
        owner = await sessions.get(session, session_id, caller=caller.tenant_id)
        tenant = await tenants.get(session, owner.tenant_id)
        asked = wish.digest(tenant)
        if wish.key and (earlier := await known(session, session_id, wish.client_id)) is not None:
            require_same(earlier, asked)
            return earlier.id
        await require_room(session, session_id, limit - 1)
        await require_references(session, owner, wish.payload)
    rows = await sealed(tenant, owner, wish.payload, actor=caller.actor)
    async with transaction() as session:
        owner = await session.get_one(SetupSession, session_id)
        payload = filled(wish.payload, rows)
        intent, is_new = await enqueue(
            session, owner, wish.kind, payload, actor=caller.actor, client_id=wish.client_id, asked=asked
        )
        require_same(intent, asked)
        if is_new:
            await require_room(session, session_id, limit)
            for row in rows.values():
                vault.store(session, row)
        after_commit(session, request.app.state.doorbell.after_commit(Bell.SETUP, str(session_id)))
    return intent.id
