"""URLs a guarded request may go to, by their text alone. What the name resolves to is checked when it is dialled."""

import ipaddress
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from urllib.parse import SplitResult, quote, urljoin, urlsplit

import idna

from tracking_core.kit.guarded.addresses import public_address

URL_LIMIT = 4_096

_PORTS = {"http": 80, "https": 443}
_CONTROL = re.compile(r"[\x00-\x1f\x7f\\]")
_AUTHORITY = re.compile(r"(?:\[([0-9A-Fa-f:.]{2,45})\]|([^:\[\]%\s]{1,253}))(?::([0-9]{0,5}))?")
_NUMERIC = re.compile(r"(?:[0-9]+|0x[0-9a-f]*)", re.ASCII)
_LABEL = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_NAME = re.compile(rf"(?=.{{1,253}}\Z)(?:{_LABEL}\.)+[a-z](?:[a-z0-9-]{{0,61}}[a-z0-9])")
# Names of machines' own networks, and of the services that hand out a cloud machine's credentials.
_DENIED_NAMES = re.compile(
    r"(?:.+\.)?(?:internal|local|localhost|localdomain|lan|home|corp|intranet|private|svc|arpa|onion|metadata\.goog)"
)
_PATH_SAFE = "/%:@!$&'()*+,;=~-._"


class Problem(StrEnum):
    MALFORMED = "malformed"
    DENIED = "denied"


class UrlRefused(Exception):
    """The URL itself is never repeated."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.value)
        self.problem = problem


@dataclass(frozen=True, slots=True)
class Target:
    """One checked URL. ``host`` is lower-case ASCII, an IPv6 address without brackets; ``path`` and ``query`` are
    percent-encoded ASCII, ``path`` begins with a slash; the fragment is gone."""

    scheme: str
    host: str
    port: int
    path: str
    query: str = field(default="", repr=False)
    is_trusted: bool = False

    @property
    def origin(self) -> str:
        return f"{self.scheme}://{self._authority()}"

    @property
    def address(self) -> str:
        """The URL without its query."""
        return self.origin + self.path

    @property
    def url(self) -> str:
        return self.address + (f"?{self.query}" if self.query else "")

    @property
    def host_header(self) -> bytes:
        return self._authority().encode("ascii")

    @property
    def request_target(self) -> bytes:
        return (self.path + (f"?{self.query}" if self.query else "")).encode("ascii")

    def _authority(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"


def trusted_origins_of(origins: Iterable[str]) -> frozenset[str]:
    """The origins as ``Target.origin`` writes them. Raises UrlRefused for one that is no http(s) origin."""
    return frozenset(_unchecked(origin).origin for origin in origins)


def target_of(url: str, trusted_origins: frozenset[str]) -> Target:
    """The URL as a target, or UrlRefused. Only an origin of ``trusted_origins`` may have any port, name and address."""
    target = _unchecked(url)
    if target.origin in trusted_origins:
        return Target(target.scheme, target.host, target.port, target.path, target.query, is_trusted=True)
    if target.port not in _PORTS.values() or not _is_allowed_host(target.host):
        raise UrlRefused(Problem.DENIED)
    return target


def next_target(current: Target, location: str, trusted_origins: frozenset[str]) -> Target:
    """Where a ``Location`` leads, checked like any URL."""
    if _CONTROL.search(location) or len(location) > URL_LIMIT:
        raise UrlRefused(Problem.MALFORMED)
    try:
        joined = urljoin(current.url, location.strip(" "))
    except ValueError:
        raise UrlRefused(Problem.MALFORMED) from None
    return target_of(joined, trusted_origins)


def _unchecked(url: str) -> Target:
    parts = _split(url)
    found = _AUTHORITY.fullmatch(parts.netloc)
    if parts.scheme not in _PORTS or "@" in parts.netloc:
        raise UrlRefused(Problem.MALFORMED)
    if found is None:
        # A zone id, an escape or a stray bracket in the place of a host: nothing a browser would open.
        raise UrlRefused(Problem.DENIED if parts.netloc else Problem.MALFORMED)
    host = _ipv6(found[1]) if found[1] else _ascii_host(found[2])
    port = int(found[3]) if found[3] else _PORTS[parts.scheme]
    if not 0 < port <= 65_535:
        raise UrlRefused(Problem.MALFORMED)
    return Target(parts.scheme, host, port, _quoted(parts.path) or "/", _quoted(parts.query, more="?"))


def _split(url: str) -> SplitResult:
    text = url.strip(" \t\r\n")
    if len(text) > URL_LIMIT or _CONTROL.search(text):
        raise UrlRefused(Problem.MALFORMED)
    try:
        return urlsplit(text)
    except ValueError:
        raise UrlRefused(Problem.MALFORMED) from None


def _quoted(text: str, more: str = "") -> str:
    return quote(text, safe=_PATH_SAFE + more, errors="replace")


def _ipv6(text: str) -> str:
    try:
        return str(ipaddress.IPv6Address(text))
    except ValueError:
        raise UrlRefused(Problem.MALFORMED) from None


def _ascii_host(text: str) -> str:
    """UTS 46 first: full-width digits, circled numbers and ideographic dots are what a resolver would make of them."""
    if text.isascii():
        return text.lower()
    try:
        mapped = idna.uts46_remap(text, std3_rules=True, transitional=False)
        return mapped.lower() if mapped.isascii() else idna.encode(mapped).decode("ascii").lower()
    except (idna.IDNAError, UnicodeError):
        raise UrlRefused(Problem.MALFORMED) from None


def _is_allowed_host(host: str) -> bool:
    """Decimal, octal, hexadecimal and short spellings of an IPv4 address are refused rather than understood."""
    if ":" in host or _NUMERIC.fullmatch(host.rpartition(".")[2]):
        return public_address(host) is not None
    return _NAME.fullmatch(host) is not None and _DENIED_NAMES.fullmatch(host) is None
