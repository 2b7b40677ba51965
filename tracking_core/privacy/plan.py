"""What an erasure would do, in numbers: nothing is changed by it, and its hash is what a person approves."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import orjson
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from tracking_core.models import Tenant
from tracking_core.privacy import catalogue, words
from tracking_core.privacy.person import Person
from tracking_core.privacy.seller_steps import SELLER_STEPS
from tracking_core.privacy.step import Step
from tracking_core.privacy.steps import STEPS


@dataclass(frozen=True, slots=True)
class Item:
    """``what`` is found in ``rows`` and what is done with them, ``does``; both are msgids."""

    step: str
    table: str
    what: str
    does: str
    rows: int


@dataclass(frozen=True, slots=True)
class Plan:
    items: tuple[Item, ...]
    shared: int
    kept_accounts: int
    hash: str

    @property
    def rows(self) -> int:
        return sum(item.rows for item in self.items)

    def to_json(self) -> dict[str, Any]:
        items = [asdict(item) for item in self.items]
        return {"items": items, "rows": self.rows, "shared": self.shared, "kept_accounts": self.kept_accounts}


async def steps_of(session: AsyncSession) -> list[Step]:
    """Those of the tables that there are, in order; the masking of texts comes last."""
    tables = await catalogue.tables(session)
    present = {table.name for table in tables}
    fixed = [step for step in (*STEPS, *SELLER_STEPS) if f"public.{step.table}" in present]
    return [*fixed, *words.steps(tables)]


async def plan_for(session: AsyncSession, tenant: Tenant, person: Person, fingerprint: str) -> Plan:
    """Counts by step; a step that finds nothing is not named."""
    values = person.parameters(tenant)
    counted = [_item(step, await count(session, step, values)) for step in await steps_of(session)]
    items = tuple(item for item in counted if item.rows)
    said = [str(tenant.id), person.identifier.kind, fingerprint, [asdict(item) for item in items], person.shared]
    digest = hashlib.sha256(orjson.dumps(said)).hexdigest()
    return Plan(items, person.shared, person.kept_accounts, digest)


async def count(session: AsyncSession, step: Step, values: Mapping[str, Any]) -> int:
    query = text(f"SELECT count(*) FROM {step.table} AS t WHERE {step.due}")  # noqa: S608 - the registry's words
    return await session.scalar(query, dict(values)) or 0


def _item(step: Step, rows: int) -> Item:
    return Item(step.name, step.table.replace('"', ""), step.what, step.does, rows)


def as_items(plan: Mapping[str, Any]) -> Sequence[Item]:
    """Of a plan as it is stored."""
    return [Item(**item) for item in plan.get("items", ())]
