"""Sales in the shape of a vendor's list of them: those that were played, and some that no webhook tells of.

Source: developers.hotmart.com, sales history; docs.kiwify.com.br, API reference (sales). Hotmart's prices are decimal
numbers and its dates milliseconds, Kiwify's are cents and UTC with a Z.
"""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from evals.simulators.gateways.facts import Facts
from evals.simulators.gateways.kiwify import order_id
from evals.simulators.providers.accounts import Vendor

State = Literal["paid", "refunded", "chargeback", "pending"]
_HOTMART = {"paid": "APPROVED", "refunded": "REFUNDED", "chargeback": "CHARGEBACK", "pending": "WAITING_PAYMENT"}
_KIWIFY = {"paid": "paid", "refunded": "refunded", "chargeback": "chargedback", "pending": "waiting_payment"}
_TYPES = {"pix": "PIX", "boleto": "BILLET", "credit_card": "CREDIT_CARD"}
# How far a step of a history brings a sale; what is none of these changes nothing that is listed.
_REACHED: dict[str, State] = {
    "pending": "pending",
    "approved": "paid",
    "bump": "paid",
    "renewal": "paid",
    "refunded": "refunded",
    "chargeback": "chargeback",
}


class ListedSale(BaseModel):
    """Put into the account of ``client_id``, in place of one with the same id; ``state`` is how far it got."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    vendor: Vendor
    client_id: str
    sale_id: Annotated[str | None, Field(max_length=64)] = None
    state: State = "paid"
    cents: Annotated[int, Field(ge=0, le=100_000_000)] = 19_700
    email: str = "comprador@example.com"
    click_id: str | None = None
    at: datetime = Field(default_factory=lambda: datetime.now(UTC) - timedelta(hours=1))


def item_of(wanted: ListedSale) -> dict[str, Any]:
    """As the vendor lists it."""
    given = wanted.model_dump(include={"sale_id", "cents", "email", "click_id", "at"}, exclude_none=True)
    facts = Facts(**given)
    return _hotmart(facts, wanted.state) if wanted.vendor == "hotmart" else _kiwify(facts, wanted.state)


def item_after(vendor: Vendor, facts: Facts, step: str) -> dict[str, Any] | None:
    """As the vendor lists it once the step has happened; None when the step changes nothing of that."""
    state = _REACHED.get(step)
    if state is None:
        return None
    return _hotmart(facts, state) if vendor == "hotmart" else _kiwify(facts, state)


def id_of(vendor: Vendor, item: dict[str, Any]) -> str:
    return str(item["purchase"]["transaction"] if vendor == "hotmart" else item["id"])


def _hotmart(facts: Facts, state: State) -> dict[str, Any]:
    purchase: dict[str, Any] = {
        "transaction": facts.sale_id,
        "order_date": _ms(facts.at),
        "status": _HOTMART[state],
        "recurrency_number": facts.recurrence,
        "is_subscription": facts.recurrence > 1,
        "commission_as": "PRODUCER",
        "price": {"value": facts.cents / 100, "currency_code": facts.currency},
        "payment": {"method": "PIX", "installments_number": 1, "type": _TYPES[facts.payment]},
        "tracking": {"source_sck": "", "source": "", "external_code": facts.click_id or ""},
        "offer": {"payment_mode": "INVOICE", "code": "oferta1"},
    }
    if state != "pending":
        purchase["approved_date"] = _ms(facts.moment(1))
    return {
        "product": {"id": facts.product_id, "name": "Curso Exemplo"},
        "buyer": {"name": facts.name, "ucode": "ucode_buyer", "email": facts.email},
        "producer": {"name": "Produtora Exemplo", "ucode": "ucode_producer"},
        "purchase": purchase,
    }


def _kiwify(facts: Facts, state: State) -> dict[str, Any]:
    is_paid, is_refunded = state != "pending", state == "refunded"
    return {
        "id": order_id(facts.sale_id),
        "reference": facts.sale_id[-7:],
        "type": "product",
        "created_at": _utc(facts.at),
        "updated_at": _utc(facts.moment(1)),
        "product": {"id": order_id(str(facts.product_id)), "name": "Curso Exemplo"},
        "status": _KIWIFY[state],
        "payment_method": facts.payment,
        "net_amount": facts.cents - facts.cents // 10,
        "currency": facts.currency,
        "customer": {
            "id": order_id(facts.email),
            "name": facts.name,
            "email": facts.email,
            "cpf": facts.document,
            "mobile": f"+55{facts.phone}",
            "country": "BR",
            "address": {"city": "São Paulo", "state": "SP", "zipcode": "01310-100"},
        },
        "approved_date": _utc(facts.moment(1)) if is_paid else None,
        "installments": 1,
        "parent_order_id": None,
        "payment": {
            "charge_amount": facts.cents,
            "charge_currency": facts.currency,
            "net_amount": facts.cents - facts.cents // 10,
        },
        "refunded_at": _utc(facts.moment(2)) if is_refunded else None,
        "sale_type": "producer",
        "tracking": {"sck": None, "src": None, "s1": facts.click_id, "s2": None, "s3": None},
    }


def _ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1_000)


def _utc(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
