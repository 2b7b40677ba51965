"""``GET /t.js`` and the preflight of ``/track/*``, whose POST is answered by ``api.collect``."""

from pathlib import Path

from fastapi import APIRouter
from starlette.exceptions import HTTPException
from starlette.responses import Response

from api.collect import CORS, PATHS

router = APIRouter(tags=["collect"])
_SCRIPT = Path(__file__).parents[1] / "static" / "t.js"
_PREFLIGHT = {
    **CORS,
    "Access-Control-Allow-Methods": "POST",
    "Access-Control-Allow-Headers": "Content-Type, X-Hub-Key",
    "Access-Control-Max-Age": "86400",
}


async def _preflight() -> Response:
    return Response(None, 204, _PREFLIGHT)


async def _wrong_method() -> Response:
    raise HTTPException(405, headers={"Allow": "POST, OPTIONS"})


for _path in PATHS:
    router.add_api_route(
        _path, _wrong_method, methods=["GET", "HEAD", "PUT", "PATCH", "DELETE"], include_in_schema=False
    )
    router.add_api_route(_path, _preflight, methods=["OPTIONS"], status_code=204, include_in_schema=False)


@router.api_route("/t.js", methods=["GET", "HEAD"], include_in_schema=False)
async def script() -> Response:
    """The browser script; it finds its key in its own address."""
    headers = {**CORS, "Cache-Control": "public, max-age=3600", "X-Content-Type-Options": "nosniff"}
    return Response(_SCRIPT.read_bytes(), 200, headers, "text/javascript; charset=utf-8")
