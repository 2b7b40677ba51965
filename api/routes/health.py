"""Liveness, readiness and metrics."""

import hmac
from ipaddress import ip_address

from fastapi import APIRouter, Request
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from sqlalchemy import text
from starlette.exceptions import HTTPException
from starlette.responses import Response

from api.deps import SessionDep

router = APIRouter(tags=["operation"])
# What a proxy of any kind adds to what it passes on.
_PASSED_ON = ("x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip", "forwarded", "via")


@router.get("/healthz")
async def healthz() -> dict[str, str]:
    """The process answers."""
    return {"status": "ok"}


@router.get("/readyz")
async def readyz(session: SessionDep) -> dict[str, str]:
    """The database answers too; Redis is not asked, because the hub accepts without it."""
    await session.execute(text("SELECT 1"))
    return {"status": "ready"}


@router.get("/metrics", include_in_schema=False)
async def metrics(request: Request) -> Response:
    """What this process counted, and what waits in the database. For everybody else there is no such address."""
    if not _may_read(request):
        raise HTTPException(404)
    await request.app.state.backlog.measure()
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)


def _may_read(request: Request) -> bool:
    """With a token set, whoever has it. Without one, a machine of the inner network that no proxy speaks for."""
    token = request.app.state.settings.metrics_token.get_secret_value()
    if token:
        sent = request.headers.get("authorization", "")
        return hmac.compare_digest(sent.encode(errors="replace"), f"Bearer {token}".encode())
    is_passed_on = any(name in request.headers for name in _PASSED_ON)
    return not is_passed_on and _is_inside(request.client.host if request.client else "")


def _is_inside(peer: str) -> bool:
    try:
        return ip_address(peer).is_private
    except ValueError:
        return False
