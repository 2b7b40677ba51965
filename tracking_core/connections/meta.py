"""Connections to Meta's datasets, and how their tokens are replaced without a gap."""

from collections.abc import Collection
from contextlib import suppress
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import select

from tracking_core.audit.service import record
from tracking_core.connections.contexts import app_secret_context, next_token_context, token_context
from tracking_core.connections.problems import problem
from tracking_core.destinations.meta_capi.client import DATASET_ID
from tracking_core.errors import Conflict, InvalidRequest, NotFound
from tracking_core.kit import clock
from tracking_core.models import BrowserEvent, ConnectionState, MetaConnection
from tracking_core.secrets import vault
from tracking_core.secrets.errors import SecretUnknown
from tracking_core.secrets.keyring import TenantCipher
from tracking_core.tenants.lookup import cipher_of, get


async def connect_meta(
    session: AsyncSession,
    tenant_id: UUID,
    dataset_id: str,
    access_token: str,
    *,
    actor: str,
    test_event_code: str | None = None,
    app_secret: str | None = None,
    browser_events: Collection[str] | None = None,
    token_ref: str | None = None,
) -> MetaConnection:
    """Create the dataset's connection or replace its token; either way it is active again and drains by itself.

    ``browser_events`` (of ``BrowserEvent``) are forwarded from now on; None leaves them as they were, at first none.
    ``token_ref`` is the vault's reference of the token, if it came from there. A token that was staged is dropped.
    """
    if not DATASET_ID.fullmatch(dataset_id):
        raise InvalidRequest([problem("dataset_id", "The dataset id has only digits.")])
    _require_token(access_token)
    cipher = cipher_of(await get(session, tenant_id))
    query = select(MetaConnection).where(MetaConnection.tenant_id == tenant_id, MetaConnection.dataset_id == dataset_id)
    connection = (await session.scalars(query.with_for_update())).first()
    if connection is None:
        connection = MetaConnection(tenant_id=tenant_id, dataset_id=dataset_id, access_token=b"")
    await _forget_staged(session, connection)
    await _retain(session, token_ref, tenant_id)
    _use(connection, cipher, access_token, token_ref)
    if app_secret:
        connection.app_secret = cipher.encrypt(app_secret.encode(), app_secret_context(connection.id))
    connection.test_event_code = test_event_code
    enable(connection)
    session.add(connection)
    if browser_events is not None:
        _forward(session, connection, browser_events, actor=actor)
    _record(session, connection, "meta.connected", actor)
    return connection


async def stage_meta_token(
    session: AsyncSession, connection_id: UUID, token: str, *, actor: str, token_ref: str | None = None
) -> MetaConnection:
    """Put a new token beside the one in use, to be checked; deliveries go on with the one in use. The last one staged
    counts."""
    _require_token(token)
    connection = await _locked(session, connection_id)
    cipher = cipher_of(await get(session, connection.tenant_id))
    await _forget_staged(session, connection)
    await _retain(session, token_ref, connection.tenant_id)
    connection.next_access_token = cipher.encrypt(token.encode(), next_token_context(connection.id))
    connection.next_token_ref = token_ref
    _record(session, connection, "meta.token_staged", actor)
    return connection


async def promote_meta_token(
    session: AsyncSession, connection_id: UUID, *, actor: str, token_ref: str | None = None
) -> MetaConnection:
    """The staged token passed its check: it is the one in use, and what a bad token held drains by itself.

    ``token_ref`` names the token that was checked. Promoted already is done; Conflict when another, or none, is staged.
    """
    connection = await _locked(session, connection_id)
    if token_ref is not None and connection.next_token_ref != token_ref:
        if connection.token_ref == token_ref:
            return connection
        raise Conflict(what="connection", reason="another token was staged")
    if connection.next_access_token is None:
        raise Conflict(what="connection", reason="no token is staged")
    cipher = cipher_of(await get(session, connection.tenant_id))
    token = cipher.decrypt(connection.next_access_token, next_token_context(connection.id)).decode()
    _use(connection, cipher, token, connection.next_token_ref or token_ref)
    if connection.token_ref:
        with suppress(SecretUnknown):  # revoked meanwhile; the connection has its own copy
            await vault.verify(
                session, connection.token_ref, tenant_id=connection.tenant_id, actor=actor, now=clock.now()
            )
    _record(session, connection, "meta.token_promoted", actor)
    return connection


async def discard_meta_token(
    session: AsyncSession, connection_id: UUID, *, actor: str, token_ref: str | None = None
) -> MetaConnection:
    """The staged token is not to be used; the one in use stays. Nothing changes when none, or another than
    ``token_ref``, is staged."""
    connection = await _locked(session, connection_id)
    if connection.next_access_token is None or (token_ref is not None and connection.next_token_ref != token_ref):
        return connection
    await _forget_staged(session, connection)
    _record(session, connection, "meta.token_discarded", actor)
    return connection


def enable(connection: MetaConnection) -> None:
    """Use it again. What visitors did while it was off is not told."""
    if connection.disabled_at is not None:
        connection.disabled_at, connection.browser_events_from = None, clock.now()


def _use(connection: MetaConnection, cipher: TenantCipher, token: str, token_ref: str | None) -> None:
    """Make ``token`` the one in use; whatever the last one was held for is over."""
    connection.access_token = cipher.encrypt(token.encode(), token_context(connection.id))
    connection.token_ref = token_ref
    connection.next_access_token = connection.next_token_ref = None
    connection.token_expires_at = connection.token_asked_at = None  # those were another's
    connection.state = ConnectionState.ACTIVE
    connection.hold_code = connection.held_at = connection.paused_until = None
    connection.failure_streak = 0


def _forward(session: AsyncSession, connection: MetaConnection, kinds: Collection[str], *, actor: str) -> None:
    """Set what is forwarded. Nothing received before it was asked for is."""
    if set(kinds) - set(BrowserEvent):
        raise InvalidRequest([problem("browser_events", f"Choose from {', '.join(BrowserEvent)}.")])
    if not connection.browser_events:
        connection.browser_events_from = clock.now()
    connection.browser_events = sorted({str(kind) for kind in kinds})
    record(
        session,
        actor=actor,
        action="meta.browser_events_chosen",
        subject=str(connection.id),
        tenant_id=connection.tenant_id,
        browser_events=connection.browser_events,
    )


async def _locked(session: AsyncSession, connection_id: UUID) -> MetaConnection:
    connection = await session.get(MetaConnection, connection_id, with_for_update=True, populate_existing=True)
    if connection is None:
        raise NotFound(what="connection")
    return connection


async def _forget_staged(session: AsyncSession, connection: MetaConnection) -> None:
    if connection.next_token_ref:
        await vault.release(session, connection.next_token_ref, tenant_id=connection.tenant_id, now=clock.now())
    connection.next_access_token = connection.next_token_ref = None


async def _retain(session: AsyncSession, reference: str | None, tenant_id: UUID) -> None:
    if reference is not None:
        await vault.retain(session, reference, tenant_id=tenant_id, now=clock.now())


def _require_token(token: str) -> None:
    if not token:
        raise InvalidRequest([problem("access_token", "The access token is empty.")])


def _record(session: AsyncSession, connection: MetaConnection, action: str, actor: str) -> None:
    record(session, actor=actor, action=action, subject=str(connection.id), tenant_id=connection.tenant_id)
