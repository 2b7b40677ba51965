"""What belongs to one person of one tenant, as it was found: what the steps of an erasure are bound to."""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import orjson

from tracking_core.consent.subjects import subjects_of
from tracking_core.models import Tenant
from tracking_core.privacy.forms import Forms, forms_of
from tracking_core.privacy.identifiers import Identifier, IdentifierKind
from tracking_core.secrets.keyring import TenantCipher

ERASED = "erased:"
REASON = "privacy_erased"
_IDS = ("sales", "webhooks", "mentions", "deliveries", "setups", "users", "channels")
_TEXTS = ("emails", "phones", "clicks", "visits", "orders")
# So many digests and ids of the person are searched for in every column besides the identifier itself.
_DERIVED_MAX = 6


@dataclass(slots=True, kw_only=True, repr=False)
class Person:
    """Hashes are hex. ``mentions`` are webhooks of other people's sales that name this one; ``visits`` are session ids
    of browsers; ``deliveries`` those of browser events. ``hidden`` maps ids of sales and of gateways' notifications to
    what stands in their place. ``users`` sign in and may see this tenant, ``channels`` are told its alerts by e-mail.
    ``shared`` counts identifiers that were not followed, because they are somebody else's too; ``kept_accounts`` those
    of ``users`` that are not this tenant's to close."""

    identifier: Identifier
    emails: set[str] = field(default_factory=set)
    phones: set[str] = field(default_factory=set)
    clicks: set[str] = field(default_factory=set)
    visits: set[str] = field(default_factory=set)
    sales: set[UUID] = field(default_factory=set)
    orders: set[str] = field(default_factory=set)
    hidden: dict[str, str] = field(default_factory=dict)
    webhooks: set[UUID] = field(default_factory=set)
    mentions: set[UUID] = field(default_factory=set)
    deliveries: set[UUID] = field(default_factory=set)
    setups: set[UUID] = field(default_factory=set)
    users: set[UUID] = field(default_factory=set)
    channels: set[UUID] = field(default_factory=set)
    shared: int = 0
    kept_accounts: int = 0

    @property
    def names(self) -> set[UUID]:
        """Consent subjects of the e-mails and phones."""
        named = [subjects_of(email_hash=one) for one in self.emails]
        named += [subjects_of(phone_hash=one) for one in self.phones]
        return {subject for subjects in named for subject in subjects}

    @property
    def browsers(self) -> set[UUID]:
        """Consent subjects of the clicks and visits."""
        named = [subjects_of(click_id=one) for one in self.clicks]
        named += [subjects_of(session_id=one) for one in self.visits]
        return {subject for subjects in named for subject in subjects}

    @property
    def forms(self) -> Forms:
        """What is searched for in every column: the identifier in every form, and a bounded part of what it led to."""
        ids = sorted(one for one in self.clicks | self.visits | self.orders if not one.startswith(ERASED))
        derived = [*sorted(self.emails | self.phones), *ids]
        return forms_of(self.identifier, derived=tuple(one for one in derived if len(one) >= 10)[:_DERIVED_MAX])

    def parameters(self, tenant: Tenant) -> dict[str, Any]:
        """What the steps' SQL names."""
        return {
            "tenant": tenant.id,
            "emails": [bytes.fromhex(one) for one in sorted(self.emails)],
            "phones": [bytes.fromhex(one) for one in sorted(self.phones)],
            "clicks": sorted(self.clicks),
            "visits": sorted(self.visits),
            "subjects": sorted(self.names | self.browsers, key=str),
            "asked": self.identifier.value if self.identifier.kind is IdentifierKind.CLICK_ID else None,
            "sales": sorted(self.sales, key=str),
            "orders": sorted(self.orders),
            "hidden": orjson.dumps(self.hidden).decode(),
            "webhooks": sorted(self.webhooks, key=str),
            "mentions": sorted(self.mentions, key=str),
            "deliveries": sorted(self.deliveries, key=str),
            "setups": sorted(self.setups, key=str),
            "users": sorted(self.users, key=str),
            "channels": sorted(self.channels, key=str),
            "pattern": self.forms.pattern,
            "reason": REASON,
        }

    def add(self, other: "Person") -> None:
        """Take in what was found of the same person later. What is shared stays as it was planned."""
        for name in (*_IDS, *_TEXTS):
            getattr(self, name).update(getattr(other, name))
        self.hidden |= other.hidden


def hidden_id(cipher: TenantCipher, value: str) -> str:
    """What stands in the place of an id of a sale that was erased; the same again for the same id, and for itself."""
    return value if value.startswith(ERASED) else f"{ERASED}{cipher.fingerprint(f'order:{value}'.encode())}"


def packed(person: Person) -> bytes:
    """As JSON, to be sealed."""
    said = {name: getattr(person, name) for name in person.__slots__ if name != "identifier"}
    if not (person.channels or person.users):
        # A worker of the version before, which may still run, carries out what has no channels. It would close an
        # account that has other shops, so of a seller it is not to.
        del said["channels"]
    asked = {"kind": person.identifier.kind, "value": person.identifier.value}
    return orjson.dumps({**said, **asked}, default=lambda value: sorted(value, key=str))


def unpacked(data: bytes) -> Person:
    said: dict[str, Any] = orjson.loads(data)
    asked = Identifier(IdentifierKind(said.pop("kind")), said.pop("value"))
    found: dict[str, Any] = {name: set(map(UUID, said.pop(name, ()))) for name in _IDS}
    found |= {name: set(said.pop(name)) for name in _TEXTS}
    return Person(identifier=asked, **found, **said)
