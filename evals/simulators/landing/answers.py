"""How each fault is answered."""

import asyncio
import zlib
from collections.abc import AsyncIterator
from functools import lru_cache

from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response, StreamingResponse

from evals.simulators.landing.faults import Fault
from evals.simulators.landing.pages import page
from evals.simulators.landing.state import Settings

_MEGABYTE = 1024 * 1024
_STATUSES = {Fault.NOT_FOUND: 404, Fault.FORBIDDEN: 403, Fault.SERVER_ERROR: 500}
_CHAIN = {Fault.REDIRECTS: 3, Fault.TOO_MANY_REDIRECTS: 9}
_OUTSIDE = {
    Fault.BROKEN_REDIRECT: "http://[",
    Fault.TO_LOOPBACK: "http://127.0.0.1:22/",
    Fault.TO_METADATA: "http://169.254.169.254/latest/meta-data/",
}


async def answer(request: Request, settings: Settings, fault: Fault | None) -> Response:
    if fault in _STATUSES:
        return HTMLResponse(page(settings, None), _STATUSES[fault])
    if fault is Fault.NOT_HTML:
        return Response(b"%PDF-1.7", media_type="application/pdf")
    if location := _location(request, settings, fault):
        return Response(status_code=302, headers={"location": location})
    if fault in (Fault.HUGE, Fault.BOMB, Fault.DRIP):
        return _endless(settings, fault)
    if fault is Fault.SLOW:
        await asyncio.sleep(settings.seconds)
    return HTMLResponse(page(settings, fault))


def _location(request: Request, settings: Settings, fault: Fault | None) -> str | None:
    """Relative addresses keep working where the simulator is mounted below another path."""
    root = request.scope.get("root_path", "")
    here = f"{root}{request.url.path.removeprefix(root)}"
    if fault is Fault.TRAILING_SLASH:
        return None if here.endswith("/") else f"{here}/"
    if fault is Fault.LOGIN:
        return f"{root}/entrar"
    if fault is Fault.OTHER_HOST:
        return settings.other_host
    if fault in _CHAIN:
        return f"{root}/hops/{_CHAIN[fault]}"
    if fault is Fault.DOWNGRADE:
        return f"http://{request.url.netloc}{root}/page"
    if fault is Fault.LOOP:
        return here
    return _OUTSIDE.get(fault) if fault else None


def _endless(settings: Settings, fault: Fault) -> Response:
    if fault is Fault.BOMB:
        packed = zeros_gzipped(settings.megabytes)
        return Response(packed, media_type="text/html", headers={"content-encoding": "gzip"})
    chunks = _drip(settings) if fault is Fault.DRIP else _pour(settings.megabytes)
    return StreamingResponse(chunks, media_type="text/html")


async def _drip(settings: Settings) -> AsyncIterator[bytes]:
    for character in page(settings, None):
        yield character.encode()
        await asyncio.sleep(settings.seconds)


async def _pour(megabytes: int) -> AsyncIterator[bytes]:
    for _ in range(megabytes):
        yield b"<p>" + b"x" * (_MEGABYTE - 3)


@lru_cache(maxsize=2)
def zeros_gzipped(megabytes: int) -> bytes:
    """Some hundred kilobytes that unpack to this many megabytes."""
    packer = zlib.compressobj(9, wbits=zlib.MAX_WBITS | 16)
    return b"".join(packer.compress(bytes(_MEGABYTE)) for _ in range(megabytes)) + packer.flush()


async def login(_request: Request) -> Response:
    return HTMLResponse("<!doctype html><title>Entrar</title><form><input type=password></form>")


async def healthz(_request: Request) -> Response:
    return PlainTextResponse("ok")
