"""``/api/v1/setup/sessions/{id}/screenshots``: pictures of the seller's screen. What is kept is drawn anew by us; the
file's name and the type its sender gives it are not even read."""

import re
from collections.abc import Awaitable, Callable
from typing import Any, Literal
from uuid import UUID

from fastapi import APIRouter, Request, Response

from api.body import bounded
from api.deps import CallerDep, SessionDep, TenantDep
from api.inbox import Caller
from api.routes.setup_sessions import router as sessions_router
from api.ui.paths import SETUPS
from tracking_core.db.engine import transaction
from tracking_core.errors import BodyTooLarge
from tracking_core.models import SetupScreenshot
from tracking_core.screenshots import service as screenshots
from tracking_core.screenshots.decode import picture_of
from tracking_core.screenshots.errors import ScreenshotTooLarge
from tracking_core.settings import Settings
from tracking_core.setup import sessions

router = APIRouter(prefix=sessions_router.prefix, tags=["setup"])
_UPLOAD = re.compile(re.escape(sessions_router.prefix) + r"/[^/]+/screenshots")
_FORM = re.compile(re.escape(SETUPS) + r"/[^/]+/chat(?:/screenshots)?")
_BINARY = {"schema": {"type": "string", "format": "binary"}}
_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {f"image/{kind}": _BINARY for kind in ("png", "jpeg", "webp")},
    }
}
# It is somebody's picture: nothing in it runs, no cache keeps it, nobody takes it for anything else.
_PICTURE_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def larger_bodies(settings: Settings) -> dict[re.Pattern[str], int]:
    """For ``BodyLimit``. Twice what the route takes, so that the route itself says in its words what is too large."""
    return dict.fromkeys((_UPLOAD, _FORM), 2 * settings.screenshot_max_bytes)


@router.post("/{session_id}/screenshots", status_code=201, openapi_extra=_BODY)
async def keep_screenshot(session_id: UUID, request: Request, caller: CallerDep) -> dict[str, Any]:
    """Keep a picture: PNG, JPEG or WebP as the raw body. 422 says why it is not taken."""
    return described(await taken(request, caller, session_id, lambda: raw_body(request)))


@router.get("/{session_id}/screenshots/{screenshot_id}", response_class=Response)
async def read_screenshot(session_id: UUID, screenshot_id: UUID, tenant: TenantDep, session: SessionDep) -> Response:
    """The picture, as PNG. 410 once it is gone."""
    owner = await sessions.get(session, session_id, caller=tenant.id)
    row = await screenshots.get(session, owner, screenshot_id)
    return picture(await screenshots.opened(session, row), "attachment")


@router.delete("/{session_id}/screenshots/{screenshot_id}")
async def delete_screenshot(
    session_id: UUID, screenshot_id: UUID, caller: CallerDep, session: SessionDep
) -> dict[str, Any]:
    """Delete the picture and what was read from it; done twice is done."""
    owner = await sessions.get(session, session_id, caller=caller.tenant_id)
    row = await screenshots.get(session, owner, screenshot_id)
    await screenshots.discard(session, row, screenshots.DiscardReason.DELETED, actor=caller.actor)
    return described(row)


def described(row: SetupScreenshot) -> dict[str, Any]:
    """What is said of a picture; ``bytes`` is the size of what is kept."""
    return {
        "screenshot_id": str(row.id),
        "width": row.width,
        "height": row.height,
        "bytes": row.bytes,
        "state": row.state,
        "expires_at": row.expires_at.isoformat(),
    }


async def taken(
    request: Request, caller: Caller, session_id: UUID, read: Callable[[], Awaitable[bytes]]
) -> SetupScreenshot:
    """The picture that ``read`` gives, kept. Raises NotFound, a ScreenshotRefused and the like of it."""
    with request.app.state.allowance.action(caller.tenant_id):
        async with transaction() as session:
            owner = await sessions.get(session, session_id, caller=caller.tenant_id)
            await screenshots.require_room(session, owner.id)
        # A body may be slow and a picture is work: no transaction is open meanwhile.
        drawn = await picture_of(await read())
        async with transaction() as session:
            return await screenshots.keep(session, owner, drawn, actor=caller.actor)


def picture(png: bytes, disposition: Literal["attachment", "inline"]) -> Response:
    """``inline`` only to a page of ours that shows it."""
    headers = {**_PICTURE_HEADERS, "Content-Disposition": f'{disposition}; filename="screenshot.png"'}
    return Response(png, media_type="image/png", headers=headers)


async def raw_body(request: Request) -> bytes:
    limit = limit_of(request)
    try:
        return await bounded(request.receive, request.headers.get("content-length"), limit)
    except BodyTooLarge:
        raise too_large(limit) from None


def limit_of(request: Request) -> int:
    """How many bytes a picture may have."""
    limit: int = request.app.state.settings.screenshot_max_bytes
    return limit


def too_large(limit: int) -> ScreenshotTooLarge:
    return ScreenshotTooLarge(limit_megabytes=f"{limit / (1 << 20):.2g}")
