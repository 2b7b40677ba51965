"""The tenants of a run: each with one dataset and both gateways, made through the services."""

from dataclasses import dataclass, field
from urllib.parse import urlencode
from uuid import UUID

from evals.bench.load import post
from tracking_core.db.engine import transaction
from tracking_core.gateways import registry
from tracking_core.gateways.base import SyntheticSale
from tracking_core.kit.ids import new_hex
from tracking_core.pipeline.conversions import PURCHASE, event_id_of
from tracking_core.tenants import service as tenants

GATEWAYS = ("hotmart", "kiwify")
_ACTOR = "soak"


@dataclass(frozen=True, slots=True)
class Shop:
    """``paths`` are those of its webhooks by gateway."""

    tenant_id: UUID
    dataset_id: str
    write_key: str = field(repr=False)
    secret: str = field(repr=False)
    paths: dict[str, str] = field(repr=False)

    def webhook(self, gateway: str, sale: SyntheticSale) -> bytes:
        """The gateway's request about the sale, as bytes that may be sent any number of times."""
        inbound = registry.get(gateway).synthesize(sale, self.secret)
        path = self.paths[gateway] + (f"?{urlencode(inbound.query)}" if inbound.query else "")
        return post(path, inbound.body, {**inbound.headers, "Content-Type": "application/json"})

    def event_id(self, gateway: str, sale_id: str) -> str:
        return str(event_id_of(self.tenant_id, gateway, sale_id, PURCHASE))


async def open_shop(number: int) -> Shop:
    """In the database of this process's settings."""
    dataset_id, secret = f"7200000000{number:05}", new_hex()
    async with transaction() as session:
        made = await tenants.create(session, f"Soak {number}", actor=_ACTOR)
        await tenants.connect_meta(session, made.tenant_id, dataset_id, _token(), actor=_ACTOR)
        paths = {}
        for gateway in GATEWAYS:
            endpoint = await tenants.connect_gateway(session, made.tenant_id, gateway, secret, actor=_ACTOR)
            paths[gateway] = tenants.webhook_path(endpoint)
    return Shop(made.tenant_id, dataset_id, made.write_key, secret, paths)


async def reconnect(shop: Shop) -> None:
    """As the seller does with a new token: what waits goes out by itself."""
    async with transaction() as session:
        await tenants.connect_meta(session, shop.tenant_id, shop.dataset_id, _token(), actor=_ACTOR)


def _token() -> str:
    return f"EAA{new_hex()}"
