"""Tells the redirects every site has from those a seller should know of."""

import re
from enum import StrEnum
from functools import lru_cache
from ipaddress import ip_address
from urllib.parse import parse_qsl

from publicsuffixlist import PublicSuffixList

from tracking_core.kit.guarded.targets import Target


class RedirectKind(StrEnum):
    HTTPS = "https"
    WWW = "www"
    TRAILING_SLASH = "trailing_slash"
    TRACKING = "tracking_parameters"
    QUERY = "query"
    PATH = "path"
    SUBDOMAIN = "subdomain"
    DOWNGRADE = "downgrade"
    LOGIN = "login"
    OTHER_SITE = "other_site"


UNEXPECTED = frozenset({RedirectKind.DOWNGRADE, RedirectKind.LOGIN, RedirectKind.OTHER_SITE})

_USUAL_PORTS = frozenset({80, 443})
_TRACKING = re.compile(
    r"utm_\w+|hsa_\w+|mc_[ce]id|_gl|_ga|src|sck|xcod|s[123]|ref"
    r"|fbclid|gclid|dclid|gbraid|wbraid|ttclid|msclkid|twclid|gad_\w+"
    r"|(?:ad|adset|adgroup|campaign|creative|placement)[_.]?(?:id|name)",
    re.ASCII | re.IGNORECASE,
)
_LOGIN_PATH = re.compile(
    r"/(?:wp-login|log-?in|sign[-_]?in|entrar|acessar|auth|sso|oauth2?|minha-conta)(?:[/.]|$)", re.IGNORECASE
)
_LOGIN_HOST = re.compile(r"(?:login|auth|sso|accounts|signin)\.")


def kinds_of(source: Target, destination: Target) -> tuple[RedirectKind, ...]:
    """Everything that changed; at least one thing did."""
    changed = (_scheme(source, destination), _host(source, destination), _path(source, destination))
    kinds = [kind for kind in (*changed, _query(source, destination)) if kind]
    if _is_login(destination) and not _is_login(source):
        kinds.append(RedirectKind.LOGIN)
    return tuple(kinds)


def is_tracking(parameter: str) -> bool:
    """Whether a query parameter says where a visitor came from, and not which page it is."""
    return _TRACKING.fullmatch(parameter) is not None


def is_same_site(one: str, other: str) -> bool:
    """Whether two hosts have the same registrable domain; shops on a shared platform are sites of their own."""
    return one == other or site_of(one) == site_of(other)


def site_of(host: str) -> str:
    """The registrable domain, or the host itself where it has none."""
    try:
        return str(ip_address(host))
    except ValueError:
        return _suffixes().privatesuffix(host) or host


@lru_cache(maxsize=1)
def _suffixes() -> PublicSuffixList:
    return PublicSuffixList()


def _scheme(source: Target, destination: Target) -> RedirectKind | None:
    if source.scheme == destination.scheme:
        return None
    return RedirectKind.HTTPS if destination.scheme == "https" else RedirectKind.DOWNGRADE


def _host(source: Target, destination: Target) -> RedirectKind | None:
    if source.port != destination.port and not {source.port, destination.port} <= _USUAL_PORTS:
        return RedirectKind.OTHER_SITE
    if source.host == destination.host:
        return None
    if source.host.removeprefix("www.") == destination.host.removeprefix("www."):
        return RedirectKind.WWW
    return RedirectKind.SUBDOMAIN if is_same_site(source.host, destination.host) else RedirectKind.OTHER_SITE


def _path(source: Target, destination: Target) -> RedirectKind | None:
    if source.path == destination.path:
        return None
    is_slash = source.path.rstrip("/") == destination.path.rstrip("/")
    return RedirectKind.TRAILING_SLASH if is_slash else RedirectKind.PATH


def _query(source: Target, destination: Target) -> RedirectKind | None:
    if source.query == destination.query:
        return None
    before, after = (set(parse_qsl(one.query, keep_blank_values=True)) for one in (source, destination))
    is_harmless = before <= after and all(is_tracking(name) for name, _value in after - before)
    return RedirectKind.TRACKING if is_harmless else RedirectKind.QUERY


def _is_login(target: Target) -> bool:
    return bool(_LOGIN_PATH.search(target.path) or _LOGIN_HOST.match(target.host))
