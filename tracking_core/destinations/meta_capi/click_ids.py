"""Meta's click id (``fbc``) and browser id (``fbp``), in the form Meta documents under "fbp and fbc parameters".

``fb.<subdomain index>.<creation time in ms>.<payload>`` with an optional fifth segment, the telemetry appendix of
Meta's Parameter Builder (two-character token, or eight base64url characters). Never altered once made: the payload is
case-sensitive.
"""

import re
from datetime import UTC, datetime, timedelta

CLICK_LIFETIME = timedelta(days=90)
# A visitor's clock may run a little ahead of ours.
_CLOCK_DRIFT = timedelta(minutes=5)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FBCLID = r"[A-Za-z0-9_-]{1,1024}"
_APPENDIX = r"(?:\.(?:AQ|Ag|Aw|BA|BQ|Bg|[A-Za-z0-9_-]{8}))?"
_FBCLID_FORM = re.compile(_FBCLID)
_FBC_FORM = re.compile(rf"fb\.[0-9]\.([0-9]{{13}})\.({_FBCLID}){_APPENDIX}")
_FBP_FORM = re.compile(rf"fb\.[0-9]\.[0-9]{{13}}\.[0-9]{{1,20}}{_APPENDIX}")


def build_fbc(fbclid: str, first_seen: datetime, subdomain_index: int = 1) -> str:
    """The fbc of a click first seen at ``first_seen`` (aware). A server that stores no cookie uses index 1.

    Raises ValueError for an fbclid that is not base64url text of at most 1,024 characters, or an index outside 0-9.
    """
    if not _FBCLID_FORM.fullmatch(fbclid):
        raise ValueError("fbclid is not a click id")
    if not 0 <= subdomain_index <= 9:
        raise ValueError("subdomain_index must be 0-9")
    millis = (first_seen - _EPOCH) // timedelta(milliseconds=1)
    return f"fb.{subdomain_index}.{millis}.{fbclid}"


def keep_fbc(existing_fbc: str | None, fbclid: str | None, now: datetime) -> str | None:
    """The fbc to store for a page view with this cookie and this URL parameter.

    A new fbclid makes a new fbc; the same one keeps the time it was first seen, also when that was too long ago:
    an old click is dropped, never given a new date. A cookie stamped in the future is not believed.
    """
    seen_at, clicked = _parts(existing_fbc)
    if seen_at is None or seen_at > now + _CLOCK_DRIFT:
        existing_fbc = seen_at = clicked = None
    if fbclid and fbclid != clicked and _FBCLID_FORM.fullmatch(fbclid):
        return build_fbc(fbclid, now)
    return existing_fbc if seen_at and now - seen_at <= CLICK_LIFETIME else None


def valid_fbc(fbc: str | None) -> bool:
    """Whether the text has the form of an fbc, of whatever age."""
    return bool(fbc and _FBC_FORM.fullmatch(fbc))


def valid_fbp(fbp: str | None) -> bool:
    """Whether the text has the form of an fbp, which a server never makes itself."""
    return bool(fbp and _FBP_FORM.fullmatch(fbp))


def _parts(fbc: str | None) -> tuple[datetime | None, str | None]:
    """When the click was first seen and its fbclid."""
    form = _FBC_FORM.fullmatch(fbc) if fbc else None
    return (_EPOCH + timedelta(milliseconds=int(form[1])), form[2]) if form else (None, None)
