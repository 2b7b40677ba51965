"""Meta's click and browser ids: ``fb.<subdomain index>.<creation time, ms>.<payload>[.<appendix>]``.

Both are case-sensitive and travel exactly as they came. A badly formed fbc costs the whole batch (2804001), so what
does not parse is dropped.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

FBCLID_MAX = 1_024
LIFETIME = timedelta(days=90)
# A server that stores no cookie uses the index of ``example.com``.
SERVER_SUBDOMAIN_INDEX = 1

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_CLOCK_DRIFT = timedelta(minutes=5)
_FBCLID = re.compile(rf"[A-Za-z0-9_-]{{1,{FBCLID_MAX}}}")
_HEAD = r"fb\.([0-9]{1,2})\.([0-9]{13})"
# The optional fifth part is telemetry of Meta's Parameter Builder: two characters of old, eight now.
_APPENDIX = r"(?:\.([A-Za-z0-9_-]{8}|AQ|Ag|Aw|BA|BQ|Bg))?"
_FBC = re.compile(rf"{_HEAD}\.([A-Za-z0-9_-]{{1,{FBCLID_MAX}}}){_APPENDIX}")
_FBP = re.compile(rf"{_HEAD}\.([0-9]{{1,20}}){_APPENDIX}")


@dataclass(frozen=True, slots=True)
class ClickId:
    """A parsed fbc or fbp. ``payload`` is the fbclid, or the browser's random number."""

    subdomain_index: int
    created_at: datetime
    payload: str
    appendix: str | None


def parse_fbc(text: str | None) -> ClickId | None:
    return _parsed(_FBC, text)


def parse_fbp(text: str | None) -> ClickId | None:
    return _parsed(_FBP, text)


def valid_fbc(text: str | None) -> bool:
    return parse_fbc(text) is not None


def valid_fbp(text: str | None) -> bool:
    return parse_fbp(text) is not None


def build_fbc(fbclid: str | None, first_seen: datetime, *, subdomain_index: int = SERVER_SUBDOMAIN_INDEX) -> str | None:
    """The fbc of a click, or None when the fbclid is not one. ``first_seen`` (aware) is the click, not the sending."""
    if not fbclid or not _FBCLID.fullmatch(fbclid):
        return None
    return f"fb.{subdomain_index}.{(first_seen - _EPOCH) // _MILLISECOND}.{fbclid}"


def keep_fbc(existing_fbc: str | None, fbclid: str | None, now: datetime) -> str | None:
    """The fbc to keep for a visitor who came with ``existing_fbc`` (cookie) and ``fbclid`` (URL), or None.

    The same fbclid keeps the time it was first seen, a new one starts now, and a click older than 90 days is dropped,
    never redated.
    """
    existing = parse_fbc(existing_fbc)
    if existing and existing.created_at > now + _CLOCK_DRIFT:
        existing = None
    fresh = build_fbc(fbclid, now)
    if existing is None or (fresh and existing.payload != fbclid):
        return fresh
    return existing_fbc if now - existing.created_at <= LIFETIME else None


def _parsed(form: re.Pattern[str], text: str | None) -> ClickId | None:
    found = form.fullmatch(text or "")
    if not found:
        return None
    return ClickId(int(found[1]), _EPOCH + int(found[2]) * _MILLISECOND, found[3], found[4])
