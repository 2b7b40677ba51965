"""From one identifier to everything of its person within a tenant. Nothing is changed here.

What bears the identifier that was asked for is theirs. From there an e-mail, a phone, a click or a visit is followed
only while every row that bears it names nobody else: a phone of a family, a computer in a shop and a checkout link that
was passed on lead to other people, so they are counted (``shared``) and not followed. A document is one person's alone.
A click that was only guessed by score is not followed either, and nobody is found by an address or a device.
"""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from tracking_core.models import Tenant
from tracking_core.privacy import naming, setups, webhook_keys
from tracking_core.privacy.errors import PersonTooWide
from tracking_core.privacy.identifiers import Identifier, IdentifierKind
from tracking_core.privacy.person import Person, hidden_id
from tracking_core.privacy.steps import BROWSER_DELIVERIES, EVENTS
from tracking_core.secrets.keyring import TenantCipher
from tracking_core.tenants.lookup import cipher_of

LIMIT = 2_000
EVENTS_LIMIT = 50_000
_ROUNDS = 4
_EVENTS = text(f"""
SELECT DISTINCT encode(t.email_hash, 'hex') AS email, encode(t.phone_hash, 'hex') AS phone, t.click_id, t.session_id
FROM tracking_events t WHERE {EVENTS} LIMIT :limit
""")  # noqa: S608 - the condition is a constant
# By e-mail or phone, or by a click that the sale itself brought back. The last condition says nothing new: it is there
# for the planner, who finds in it what two indexes answer together.
_SALES = text("""
SELECT c.id, c.sale_id, c.user_data -> 'em' AS em, c.user_data -> 'ph' AS ph, m.click_id, e.session_id,
    (c.id = ANY(CAST(:sales AS uuid[])) OR c.consent_subjects && CAST(:named AS uuid[])) AS is_named
FROM conversions c LEFT JOIN matches m ON m.conversion_id = c.id AND m.rule <> 'score'
LEFT JOIN tracking_events e ON e.id = m.tracking_event_id AND e.tenant_id = c.tenant_id AND e.click_id = m.click_id
WHERE c.tenant_id = :tenant AND (c.id = ANY(CAST(:sales AS uuid[])) OR c.consent_subjects && CAST(:named AS uuid[])
    OR (m.conversion_id IS NOT NULL AND c.consent_subjects && CAST(:browsers AS uuid[])))
  AND (c.id = ANY(CAST(:sales AS uuid[])) OR c.consent_subjects && CAST(:anyhow AS uuid[]))
LIMIT :limit
""")
_ORDERED = text("SELECT id FROM conversions WHERE tenant_id = :tenant AND sale_id = ANY(CAST(:orders AS text[]))")
_BY_KEYS = text("""
SELECT k.webhook_id, s.conversion_id, k.keys && CAST(:buyer AS text[]) AS is_buyer, k.keys
FROM privacy_webhook_keys k LEFT JOIN sale_events s ON s.webhook_id = k.webhook_id
WHERE k.tenant_id = :tenant AND k.keys && (CAST(:buyer AS text[]) || CAST(:said AS text[]))
""")
_NOTIFIED = text("""
SELECT webhook_id, external_event_id FROM sale_events
WHERE tenant_id = :tenant
  AND (conversion_id = ANY(CAST(:sales AS uuid[])) OR webhook_id = ANY(CAST(:webhooks AS uuid[])))
""")
_PASSED_ON = text("""
SELECT s.webhook_id FROM conversions c JOIN sale_events s ON s.conversion_id = c.id
WHERE c.tenant_id = :tenant AND c.consent_subjects && CAST(:browsers AS uuid[])
  AND NOT c.id = ANY(CAST(:sales AS uuid[])) LIMIT :limit
""")
_DELIVERIES = text(f"SELECT t.id FROM deliveries t WHERE {BROWSER_DELIVERIES} LIMIT :limit")  # noqa: S608


async def locate(session: AsyncSession, tenant: Tenant, identifier: Identifier) -> Person:
    """Raises PersonTooWide when it leads to more than a person has. Webhooks must have been looked through."""
    search = _Search(session, tenant, Person(identifier=identifier), cipher_of(tenant))
    await search.begin()
    for _ in range(_ROUNDS):
        if not await search.go_on():
            break
    await search.finish()
    return search.person


class _Search:
    def __init__(self, session: AsyncSession, tenant: Tenant, person: Person, cipher: TenantCipher) -> None:
        self._session, self._tenant, self._cipher = session, tenant, cipher
        self.person = person
        self._left: set[tuple[str, str]] = set()
        self._is_crowded = False

    async def begin(self) -> None:
        person, asked = self.person, self.person.identifier
        match asked.kind:
            case IdentifierKind.EMAIL:
                person.emails.add(asked.digest)
            case IdentifierKind.PHONE:
                person.phones.add(asked.digest)
            case IdentifierKind.CLICK_ID:
                person.clicks.add(asked.value)
                named = await naming.named_by(self._session, self._tenant.id, "click", [asked.value])
                self._is_crowded = not naming.fits(named.get(asked.value, naming.NOBODY), (), ())
            case IdentifierKind.ORDER:
                person.orders.add(asked.value)
                orders = [asked.value, hidden_id(self._cipher, asked.value)]
                person.sales |= set(await self._scalars(_ORDERED, orders=orders))
            case IdentifierKind.DOCUMENT:
                pass
        await self._by_keys([asked])

    async def go_on(self) -> bool:
        """One round further; whether anything new was found."""
        before = self._size()
        found: dict[str, set[str]] = {kind: set() for kind in ("email", "phone", "click", "visit")}
        for row in await self._rows(_EVENTS, limit=EVENTS_LIMIT + 1, **self._values()):
            _gather(found, row.email, row.phone, row.click_id, row.session_id)
        for row in await self._rows(_SALES, limit=LIMIT + 1, **self._values(), **self._subjects()):
            emails, phones = naming.as_set(row.em), naming.as_set(row.ph)
            if row.is_named or self._is_theirs(emails, phones):
                self.person.sales.add(row.id)
                self.person.orders.add(row.sale_id)
                _gather(found, None, None, row.click_id, row.session_id)
                for email in emails:
                    _gather(found, email, None, None, None)
                for phone in phones:
                    _gather(found, None, phone, None, None)
        await self._follow(found)
        self._require_bounds()
        return self._size() > before

    async def finish(self) -> None:
        """What hangs on what was found, and the people who sign in."""
        person = self.person
        for row in await self._rows(_NOTIFIED, sales=list(person.sales), webhooks=list(person.webhooks)):
            person.webhooks.add(row.webhook_id)
            person.hidden[row.external_event_id] = hidden_id(self._cipher, row.external_event_id)
        person.hidden |= {order: hidden_id(self._cipher, order) for order in person.orders}
        # What a gateway said of somebody else's sale repeats the click that was passed on to them.
        passed_on = {"browsers": list(person.browsers), "sales": list(person.sales), "limit": EVENTS_LIMIT}
        person.mentions |= set(await self._scalars(_PASSED_ON, **passed_on))
        person.mentions -= person.webhooks
        values = {**self._values(), "subjects": list(person.names | person.browsers), "deliveries": []}
        person.deliveries |= set(await self._scalars(_DELIVERIES, limit=EVENTS_LIMIT + 1, **values))
        await setups.find(self._session, self._tenant, self._cipher, person)
        self._require_bounds()

    async def _by_keys(self, identifiers: Collection[Identifier]) -> None:
        """Webhooks of the person, and the sales they told of; then those of the same document."""
        buyer = [webhook_keys.key_of(one, self._cipher, role=webhook_keys.BUYER) for one in identifiers]
        said = [webhook_keys.key_of(one, self._cipher, role=webhook_keys.SAID) for one in identifiers]
        rows = await self._rows(_BY_KEYS, buyer=buyer, said=said)
        document = f"{webhook_keys.BUYER}.{IdentifierKind.DOCUMENT}:"
        papers = {key for row in rows if row.is_buyer for key in row.keys if key.startswith(document)}
        if papers:
            rows = [*rows, *await self._rows(_BY_KEYS, buyer=list(papers), said=[])]
        for row in rows:
            (self.person.webhooks if row.is_buyer else self.person.mentions).add(row.webhook_id)
            if row.is_buyer and row.conversion_id:
                self.person.sales.add(row.conversion_id)

    async def _follow(self, found: dict[str, set[str]]) -> None:
        """Names first: by them it is known who else a click may be."""
        person = self.person
        known = {"email": person.emails, "phone": person.phones, "click": person.clicks, "visit": person.visits}
        for kind, values in found.items():
            new = {one for one in values - known[kind] if (kind, one) not in self._left}
            if not new:
                continue
            others = await naming.named_by(self._session, self._tenant.id, kind, sorted(new)[: LIMIT + 1])
            is_one = kind not in ("email", "phone") or len(new | known[kind]) == 1 or kind == "phone"
            for one in sorted(new):
                if is_one and naming.fits(others.get(one, naming.NOBODY), person.emails, person.phones):
                    known[kind].add(one)
                else:
                    self._left.add((kind, one))
                    person.shared += 1

    def _is_theirs(self, emails: set[str], phones: set[str]) -> bool:
        """A sale that only a click leads to, by who bought. Whose a click is that several bought by nobody knows."""
        if self._is_crowded and not self.person.emails:
            return False
        return naming.fits(naming.Names(emails, phones), self.person.emails, self.person.phones)

    def _values(self) -> dict[str, Any]:
        return {
            name: value
            for name, value in self.person.parameters(self._tenant).items()
            if name in ("emails", "phones", "clicks", "visits", "asked")
        }

    def _subjects(self) -> dict[str, Any]:
        person = self.person
        named, browsers = list(person.names), list(person.browsers)
        return {"sales": list(person.sales), "named": named, "browsers": browsers, "anyhow": named + browsers}

    def _size(self) -> tuple[int, ...]:
        person = self.person
        return tuple(len(one) for one in (person.emails, person.phones, person.clicks, person.visits, person.sales))

    def _require_bounds(self) -> None:
        person = self.person
        is_wide = max(len(person.clicks), len(person.visits), len(person.sales)) > LIMIT
        if is_wide or len(person.deliveries) > EVENTS_LIMIT:
            raise PersonTooWide(limit=LIMIT)

    async def _rows(self, query: Any, **values: Any) -> list[Any]:
        return list((await self._session.execute(query, {"tenant": self._tenant.id, **values})).all())

    async def _scalars(self, query: Any, **values: Any) -> list[UUID]:
        return list((await self._session.execute(query, {"tenant": self._tenant.id, **values})).scalars().all())


def _gather(found: dict[str, set[str]], *values: str | None) -> None:
    for kind, value in zip(("email", "phone", "click", "visit"), values, strict=True):
        if value:
            found[kind].add(value)
