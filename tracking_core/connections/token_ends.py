"""When the tokens in use end, asked of Meta: soon after one was entered, whichever way it came in, and once a day.

What is kept stands beside the token it was said of, and goes with it.
"""

import asyncio
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import Row, text

from tracking_core.connections.contexts import app_secret_context, token_context
from tracking_core.db.engine import transaction
from tracking_core.destinations.meta_capi.token_facts import Graph, TokenEnd
from tracking_core.errors import ConfigurationError
from tracking_core.kit import clock
from tracking_core.secrets.keyring import cipher_for
from tracking_core.settings import Settings

ASKED_EVERY = timedelta(days=1)
_AT_ONCE, _AT_MOST = 5, 100
log = structlog.get_logger()
# What is on hold has ended already. Who was asked longest ago comes first: one that never answers keeps nobody from it.
_DUE = text("""
SELECT k.id, k.tenant_id, k.access_token, k.app_secret, t.wrapped_data_key
FROM meta_connections k JOIN tenants t ON t.id = k.tenant_id
WHERE k.state = 'active' AND k.disabled_at IS NULL AND t.closed_at IS NULL
    AND (k.token_asked_at IS NULL OR k.token_asked_at <= :before)
ORDER BY k.token_asked_at NULLS FIRST, k.id LIMIT :most
""")
# Of this very token: another may have taken its place while Meta was asked. What is not told leaves what was.
_KEEP = text("""
UPDATE meta_connections SET token_asked_at = :now,
    token_expires_at = CASE WHEN :is_told THEN CAST(:ends_at AS timestamptz) ELSE token_expires_at END
WHERE id = :id AND access_token = :sealed
""")


async def ask_due(settings: Settings) -> None:
    """Those that are due, a few at once. No transaction is open while Meta is waited for."""
    now, turn = clock.now(), asyncio.Semaphore(_AT_ONCE)

    async def ask(row: Row[Any]) -> None:
        async with turn:
            await _keep(row, await _end_of(row, settings), now)

    async with transaction() as session:
        rows = (await session.execute(_DUE, {"before": now - ASKED_EVERY, "most": _AT_MOST})).all()
    await asyncio.gather(*(ask(row) for row in rows))


async def _end_of(row: Row[Any], settings: Settings) -> TokenEnd | None:
    try:
        graph = _graph(row, settings)
    except ConfigurationError:
        log.warning("token_not_opened", connection_id=str(row.id))
        return None
    return await graph.end()


def _graph(row: Row[Any], settings: Settings) -> Graph:
    """As the row's token sees it. Raises ConfigurationError when no key of ours opens it."""
    cipher, secret = cipher_for(row.tenant_id, bytes(row.wrapped_data_key)), row.app_secret
    return Graph(
        base=f"{settings.meta_graph_url.rstrip('/')}/{settings.meta_graph_version}",
        access_token=cipher.decrypt(bytes(row.access_token), token_context(row.id)).decode(),
        app_secret=cipher.decrypt(bytes(secret), app_secret_context(row.id)).decode() if secret else None,
        timeout_seconds=settings.meta_timeout_seconds,
    )


async def _keep(row: Row[Any], end: TokenEnd | None, now: datetime) -> None:
    values = {"id": row.id, "sealed": bytes(row.access_token), "now": now}
    told = {"is_told": end is not None, "ends_at": end.at if end else None}
    async with transaction() as session:
        await session.execute(_KEEP, {**values, **told})
