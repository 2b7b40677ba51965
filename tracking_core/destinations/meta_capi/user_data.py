"""``user_data`` of an event: a person's identifiers, normalised and hashed as Meta matches them."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address

from tracking_core.destinations.meta_capi.click_ids import valid_fbc, valid_fbp
from tracking_core.identity import normalize
from tracking_core.identity.text import clean, lowered
from tracking_core.kit.hashing import sha256_hex

UserData = dict[str, str | list[str]]

_VALUES_MAX = 10
_EXTERNAL_ID_MAX = 512
_USER_AGENT_MAX = 1_024
_SHA256 = re.compile(r"[0-9a-fA-F]{64}")
# Meta refuses an event whose identifiers are a subset of one of these (100/2804050).
_TOO_WEAK = (
    frozenset({"ct", "country", "st", "zp", "ge", "client_user_agent"}),
    frozenset({"db", "client_user_agent"}),
    frozenset({"fn", "ge"}),
    frozenset({"ln", "ge"}),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A buyer or visitor as known, in clear. ``default_country`` (ISO alpha-2) reads phones without country code.

    ``first_name`` and ``last_name`` win over ``full_name``. Values that are already SHA-256 hex are not hashed twice.
    """

    emails: tuple[str, ...] = ()
    phones: tuple[str, ...] = ()
    full_name: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    city: str | None = None
    state: str | None = None
    zip_code: str | None = None
    country: str | None = None
    gender: str | None = None
    birth_date: str | None = None
    external_id: str | None = None
    client_ip: str | None = None
    client_user_agent: str | None = None
    fbc: str | None = None
    fbp: str | None = None
    default_country: str = "BR"


def build_user_data(person: Person) -> UserData:
    """What Meta takes of the person: a text per key, or a list of texts where there are several values or spellings.

    A value that does not normalise is left out; the event still goes.
    """
    country = normalize.normalize_country(person.country)
    first, last = _names(person)
    hashed = {
        "em": _hashes(person.emails, lambda text: _one(normalize.normalize_email(text))),
        "ph": _hashes(person.phones, lambda text: _phone(text, country, person.default_country)),
        "fn": first,
        "ln": last,
        "ct": _hashes((person.city,), normalize.normalize_city),
        "st": _hashes((person.state,), lambda text: _one(normalize.normalize_state(text))),
        "zp": _hashes(
            (person.zip_code,), lambda text: normalize.normalize_zip(text, country or person.default_country)
        ),
        "country": _hashes((person.country,), lambda _: _one(country)),
        "ge": _hashes((person.gender,), lambda text: _one(normalize.normalize_gender(text))),
        "db": _hashes((person.birth_date,), lambda text: _one(normalize.normalize_birth_date(text))),
        "external_id": _hashes((person.external_id,), lambda text: _one(fixed_external_id(text))),
    }
    clear = {
        "client_ip_address": public_ip(person.client_ip),
        "client_user_agent": clean(person.client_user_agent, 8 * _USER_AGENT_MAX)[:_USER_AGENT_MAX],
        "fbc": person.fbc if valid_fbc(person.fbc) else None,
        "fbp": person.fbp if valid_fbp(person.fbp) else None,
    }
    built: UserData = {key: found[0] if len(found) == 1 else found for key, found in hashed.items() if found}
    return built | {key: value for key, value in clear.items() if value}


def is_too_weak(user_data: Mapping[str, object]) -> bool:
    """Whether Meta would refuse the event, and the batch with it, for too little customer information."""
    present = {key for key, value in user_data.items() if value}
    return any(present <= weak for weak in _TOO_WEAK)


def fixed_external_id(text: str | None) -> str | None:
    """The one form hashed on every channel: lower case, no spaces, as Meta's Parameter Builder does in the browser."""
    return "".join(lowered(clean(text, _EXTERNAL_ID_MAX)).split()) or None


def public_ip(text: str | None) -> str | None:
    """The address when it is a visitor's public one; private, reserved and multicast addresses match nobody."""
    try:
        address = ip_address((text or "").strip())
    except ValueError:
        return None
    if isinstance(address, IPv6Address):
        address = address.ipv4_mapped or address
    return str(address) if address.is_global and not address.is_multicast else None


def _names(person: Person) -> tuple[list[str], list[str]]:
    first = _hashes((person.first_name,), normalize.normalize_name)
    last = _hashes((person.last_name,), normalize.normalize_name)
    if person.full_name:
        full = normalize.normalize_full_name(person.full_name)
        return first or list(map(sha256_hex, full[0])), last or list(map(sha256_hex, full[1]))
    return first, last


def _phone(text: str, country: str | None, default_country: str) -> tuple[str, ...]:
    """The buyer's own country reads the number first, then the shop's."""
    found = normalize.normalize_phone(text, country) if country else None
    return _one(found or normalize.normalize_phone(text, default_country))


def _one(value: str | None) -> tuple[str, ...]:
    return (value,) if value else ()


def _hashes(raw: Iterable[str | None], normalise: Callable[[str], tuple[str, ...]]) -> list[str]:
    found: dict[str, None] = {}
    for text in raw:
        if text and (digest := text.strip()) and _SHA256.fullmatch(digest):
            found[digest.lower()] = None
        elif text:
            found |= dict.fromkeys(map(sha256_hex, normalise(text)))
    return list(found)[:_VALUES_MAX]
