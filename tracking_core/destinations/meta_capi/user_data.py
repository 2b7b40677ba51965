"""The ``user_data`` of an event: who bought, hashed as Meta documents under "customer information parameters"."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address
from typing import Any

from tracking_core.destinations.meta_capi.click_ids import valid_fbc, valid_fbp
from tracking_core.identity.normalize import (
    city_spellings,
    last_name_spellings,
    name_spellings,
    normalize_country,
    normalize_email,
    normalize_phone,
    normalize_state,
    zip_spellings,
)
from tracking_core.identity.text import clean, distinct, lower, visible
from tracking_core.kit.hashing import sha256_hex

_EXTERNAL_ID_LIMIT = 256
_NAME_LIMIT = 200
_IP_LIMIT = 45
_USER_AGENT_LIMIT = 2_048
_VALUES_LIMIT = 10
_SHA256 = re.compile(r"[0-9a-f]{64}")
# Sets documented as too little to match on; so is each subset. One such event fails its whole request (2804050).
_TOO_WEAK = (
    frozenset({"ct", "country", "st", "zp", "ge", "client_user_agent"}),
    frozenset({"db", "client_user_agent"}),
    frozenset({"fn", "ge"}),
    frozenset({"ln", "ge"}),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """What is known of a buyer, as it was written; a value may also be its own SHA-256 in hex.

    ``first_name`` and ``last_name`` win over the parts of ``full_name``. ``default_country`` (ISO alpha-2) completes
    a phone without country code.
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
    external_id: str | None = None
    client_ip: str | None = None
    client_user_agent: str | None = None
    fbc: str | None = None
    fbp: str | None = None
    default_country: str = "BR"


def build_user_data(person: Person) -> dict[str, Any]:
    """Meta's keys: hashes (text, or a list where there are several) and what must not be hashed. No key is empty."""
    found = _hashed_keys(person) | {
        "client_ip_address": public_ip(person.client_ip),
        "client_user_agent": _user_agent(person.client_user_agent),
        "fbc": person.fbc if valid_fbc(person.fbc) else None,
        "fbp": person.fbp if valid_fbp(person.fbp) else None,
    }
    return {key: value for key, value in found.items() if value}


def is_too_weak(user_data: Mapping[str, Any]) -> bool:
    """Whether Meta would refuse the event, and its whole batch, with 100/2804050."""
    present = {key for key, value in user_data.items() if value}
    return any(present <= weak for weak in _TOO_WEAK)


def public_ip(text: str | None) -> str | None:
    """The address in canonical form when it is on the public internet; an IPv4 wrapped in IPv6 is unwrapped."""
    if not text or len(text) > _IP_LIMIT:
        return None
    try:
        address = ip_address(text.strip())
    except ValueError:
        return None
    if isinstance(address, IPv6Address):
        if address.scope_id:
            return None
        address = address.ipv4_mapped or address
    return str(address) if address.is_global and not address.is_multicast else None


def _hashed_keys(person: Person) -> dict[str, str | list[str] | None]:
    country = normalize_country(person.country)
    first, last = _names(person)
    home = country or person.default_country
    return {
        "em": _hashes(person.emails, *(normalize_email(email) for email in person.emails)),
        "ph": _hashes(person.phones, *(_phone(phone, country, person.default_country) for phone in person.phones)),
        "fn": _hashes((first,), *name_spellings(first)),
        "ln": _hashes((last,), *last_name_spellings(last)),
        "ct": _hashes((person.city,), *city_spellings(person.city)),
        "st": _hashes((person.state,), normalize_state(person.state)),
        "zp": _hashes((person.zip_code,), *zip_spellings(person.zip_code, home)),
        "country": _hashes((person.country,), country),
        "external_id": _hashes((person.external_id,), _external_id(person.external_id)),
    }


def _hashes(written: tuple[str | None, ...], *normal: str | None) -> str | list[str] | None:
    """What arrived hashed goes on as it is (never hashed twice); the rest is hashed from its normal form."""
    given = [text.strip().lower() for text in written if text and len(text) < 80]
    ready = [text for text in given if _SHA256.fullmatch(text)]
    made = [] if ready and len(written) == 1 else [sha256_hex(value) for value in normal if value]
    hashes = distinct(*ready, *made)[:_VALUES_LIMIT]
    return list(hashes) if len(hashes) > 1 else next(iter(hashes), None)


def _phone(text: str, country: str | None, default_country: str) -> str | None:
    """A buyer abroad may still have typed a number of the shop's country."""
    at_home = normalize_phone(text, country) if country else None
    return at_home or normalize_phone(text, default_country)


def _names(person: Person) -> tuple[str | None, str | None]:
    first, _, last = clean(person.full_name, _NAME_LIMIT).partition(" ")
    return person.first_name or first or None, person.last_name or last or None


def _external_id(text: str | None) -> str | None:
    """Lower case without white space, as Meta's newest SDKs and the pixel do; every channel must use this form."""
    return lower(clean(text, _EXTERNAL_ID_LIMIT)).replace(" ", "") or None


def _user_agent(text: str | None) -> str | None:
    """As the browser sent it, without what could not be stored; a longer one than any browser's is dropped."""
    return visible(text) if text and len(text) <= _USER_AGENT_LIMIT else None
