"""A proof: the made-up sale that shows that a setup works, the same again however often a step of it is repeated."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import httpx
from sqlalchemy.ext.asyncio import AsyncSession

from tracking_core.gateways import registry
from tracking_core.gateways.base import InboundRequest, SyntheticSale
from tracking_core.gateways.sale_event import SaleEventKind
from tracking_core.kit.ids import stable_hex, stable_id
from tracking_core.pipeline.conversions import PURCHASE, event_id_of
from tracking_core.proof.announce import announce
from tracking_core.proof.codes import ProofCode
from tracking_core.setup.outcome import Outcome

WAIT_SECONDS = 20.0


class Hop(StrEnum):
    CLICK = "click"
    PAGEVIEW = "pageview"
    INITIATE_CHECKOUT = "initiate_checkout"
    WEBHOOK = "webhook"
    MATCH = "match"
    DELIVERY = "delivery"
    META = "meta"


HOPS = tuple(Hop)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProofRun:
    """All that a later step needs to know of the proof; no secret. The ids it sends follow from ``proof_id``."""

    proof_id: UUID
    tenant_id: UUID
    gateway: str
    connection_id: UUID
    sale_id: str
    test_event_code: str
    started_at: datetime

    @property
    def click_id(self) -> str:
        return f"h{stable_hex(self.proof_id, 'click_id')[:22]}"

    @property
    def visit_id(self) -> str:
        """The browser session of the made-up visitor."""
        return f"s{stable_hex(self.proof_id, 'session_id')[:22]}"

    @property
    def sale_event_id(self) -> UUID:
        """Under which Meta hears of the sale."""
        return event_id_of(self.tenant_id, self.gateway, self.sale_id, PURCHASE)

    def event_id(self, hop: Hop) -> str:
        return str(stable_id(self.proof_id, hop.value))

    def webhook(self, secret: str) -> InboundRequest:
        """The sale's webhook, signed; its bytes do not depend on the secret. The buyer has no phone: any number may be
        somebody's."""
        sale = SyntheticSale(
            sale_id=self.sale_id,
            kind=SaleEventKind.APPROVED.value,
            occurred_at=self.started_at,
            amount="1.00",
            currency="BRL",
            email=f"proof-{stable_hex(self.proof_id, 'buyer')[:12]}@example.com",
            phone="",
            name="Compra Sintetica",
            product_name="Compra sintética do hub",
            click_id=self.click_id,
        )
        return registry.get(self.gateway).synthesize(sale, secret)

    def to_json(self) -> dict[str, str]:
        """JSON values only; ``from_json`` gives the same run."""
        return {
            "proof_id": str(self.proof_id),
            "tenant_id": str(self.tenant_id),
            "gateway": self.gateway,
            "connection_id": str(self.connection_id),
            "sale_id": self.sale_id,
            "test_event_code": self.test_event_code,
            "started_at": self.started_at.isoformat(),
        }

    @classmethod
    def from_json(cls, said: Mapping[str, str]) -> "ProofRun":
        return cls(
            proof_id=UUID(said["proof_id"]),
            tenant_id=UUID(said["tenant_id"]),
            gateway=said["gateway"],
            connection_id=UUID(said["connection_id"]),
            sale_id=said["sale_id"],
            test_event_code=said["test_event_code"],
            started_at=datetime.fromisoformat(said["started_at"]),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ProofContext:
    """What a hop works with. ``base_url`` is the hub's own edge; ``webhook_path`` names the endpoint, which makes it a
    secret too. ``wait_seconds`` bounds each wait for the workers, ``request_seconds`` each request."""

    base_url: str
    http: httpx.AsyncClient
    write_key: str = field(repr=False)
    webhook_path: str = field(repr=False)
    webhook_secret: str = field(repr=False)
    page_url: str = "https://loja.example/"
    wait_seconds: float = WAIT_SECONDS
    request_seconds: float = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class HopResult:
    """``reason`` is technical English, masked; ``explanation`` the stored reason in words, a msgid, where there is one;
    ``facts`` small JSON values without secrets; ``latency_ms`` of the whole hop, waiting included."""

    hop: Hop
    code: ProofCode
    reason: str
    latency_ms: int
    explanation: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_green(self) -> bool:
        return self.code is ProofCode.OK

    def outcome(self) -> Outcome:
        """As the ledger of a setup keeps it."""
        return Outcome(
            is_success=self.is_green,
            code=self.code,
            reason=self.reason,
            return_code=self.facts.get("http_status"),
            latency_ms=self.latency_ms,
            facts={"hop": self.hop.value, "explanation": self.explanation, **self.facts},
        )

    def to_json(self) -> dict[str, Any]:
        return {
            "hop": self.hop.value,
            "is_green": self.is_green,
            "code": self.code.value,
            "reason": self.reason,
            "explanation": self.explanation,
            "latency_ms": self.latency_ms,
            "facts": dict(self.facts),
        }


async def start(
    session: AsyncSession,
    *,
    proof_id: UUID,
    tenant_id: UUID,
    gateway: str,
    connection_id: UUID,
    test_event_code: str,
    session_id: UUID | None,
    now: datetime,
) -> ProofRun:
    """Announce the sale; the same run again for the same ``proof_id``. Commit before the first hop.

    Raises as ``announce``.
    """
    row = await announce(
        session,
        tenant_id,
        gateway,
        session_id=session_id,
        connection_id=connection_id,
        test_event_code=test_event_code,
        now=now,
        proof_id=proof_id,
    )
    return ProofRun(
        proof_id=proof_id,
        tenant_id=tenant_id,
        gateway=gateway,
        connection_id=connection_id,
        sale_id=row.sale_id,
        test_event_code=row.test_event_code,
        started_at=row.created_at,
    )
