"""Scripts and styles, ours and those that ``api.ui.install`` brought, held in memory and named by their content.

A style sheet says its dark tokens once, for whoever chose them; for whoever's system is dark they are said again here.
"""

import gzip
import hashlib
import re
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from fastapi import APIRouter, Request, Response

from tracking_core.errors import ConfigurationError, NotFound

_HERE = Path(__file__).parent
_OWN, _MODULES = _HERE / "static", _HERE / "node_modules"
_VENDOR = {
    "vendor/htmx.js": "htmx.org/dist/htmx.min.js",
    "vendor/uplot.js": "uplot/dist/uPlot.esm.js",
    "vendor/uplot.css": "uplot/dist/uPlot.min.css",
}
_TYPES = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
_DARK = re.compile(r'^:root\[data-theme="dark"\] \{\n.*?^\}\n', re.MULTILINE | re.DOTALL)
_CHOSEN, _BY_SYSTEM = ':root[data-theme="dark"]', ':root:not([data-theme="light"])'
_DIGITS = 12
_FOREVER, _BRIEFLY = "public, max-age=31536000, immutable", "no-cache"
_NOT_INSTALLED = "The scripts of the pages are not installed: run `make install` ({name} is missing)."

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True, slots=True)
class StaticFile:
    media_type: str
    body: bytes = field(repr=False)
    compressed: bytes = field(repr=False)
    digest: str


@router.get("/static/{name:path}")
async def read_static(name: str, request: Request, v: str = "") -> Response:
    """The file; for ever in a browser's cache under the digest of its content, else asked for anew and sent when it is
    another."""
    found = files().get(name)
    if found is None:
        raise NotFound(what="file")
    mark = f'W/"{found.digest}"'
    headers = {"Cache-Control": _FOREVER if v == found.digest else _BRIEFLY, "ETag": mark, "Vary": "Accept-Encoding"}
    if request.headers.get("if-none-match") == mark:
        return Response(status_code=304, headers=headers)
    if "gzip" in request.headers.get("accept-encoding", ""):
        return Response(found.compressed, media_type=found.media_type, headers={**headers, "Content-Encoding": "gzip"})
    return Response(found.body, media_type=found.media_type, headers=headers)


def address(name: str) -> str:
    """Where a page finds it. Raises KeyError for a name that nobody has."""
    return f"/static/{name}?v={files()[name].digest}"


@cache
def files() -> dict[str, StaticFile]:
    """By name. Raises ConfigurationError when nothing was installed."""
    own = {str(path.relative_to(_OWN)): path for path in sorted(_OWN.rglob("*")) if path.suffix in _TYPES}
    vendor = {name: _MODULES / path for name, path in _VENDOR.items()}
    return {name: _read(name, path) for name, path in {**own, **vendor}.items()}


def _read(name: str, path: Path) -> StaticFile:
    if not path.exists():
        raise ConfigurationError(problem=_NOT_INSTALLED.format(name=name))
    body = path.read_bytes() if path.suffix != ".css" else _themed(path.read_text()).encode()
    digest = hashlib.sha256(body).hexdigest()[:_DIGITS]
    return StaticFile(_TYPES[path.suffix], body, gzip.compress(body, mtime=0), digest)


def _themed(style: str) -> str:
    """With each dark rule said again, right behind it, for a system that is dark."""
    return _DARK.sub(lambda rule: rule[0] + _by_system(rule[0]), style)


def _by_system(rule: str) -> str:
    return f"@media (prefers-color-scheme: dark) {{\n{rule.replace(_CHOSEN, _BY_SYSTEM)}}}\n"
