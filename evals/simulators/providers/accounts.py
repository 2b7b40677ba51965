"""A seller's account at a gateway: its API credentials, what they may do, and the sales its API lists."""

from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

Vendor = Literal["hotmart", "kiwify"]
Permission = Literal["sales", "webhooks", "account", "products"]

_DAY_SECONDS = 86_400
_KIWIFY_TOKEN_SECONDS = 4 * _DAY_SECONDS


class Account(BaseModel):
    """``permissions`` are the parts of the API that are open; ``account_id`` is Kiwify's. ``sales`` are items as the
    vendor's own API lists them. ``token_seconds``: how long an access token lives, as Hotmart's was seen."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    vendor: Vendor
    client_id: Annotated[str, Field(min_length=1, max_length=200)]
    client_secret: Annotated[str, Field(min_length=1, max_length=200, repr=False)]
    account_id: str = ""
    name: str = "Loja de demonstração"
    permissions: frozenset[Permission] = frozenset({"sales", "webhooks", "account", "products"})
    sales: list[dict[str, Any]] = []
    token_seconds: Annotated[int, Field(ge=0, le=1_000_000)] = 172_799

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if self.vendor == "kiwify" and not self.account_id:
            raise ValueError("a Kiwify account needs an account_id")
        for sale in self.sales:
            if not (_is_hotmart_sale(sale) if self.vendor == "hotmart" else _is_kiwify_sale(sale)):
                raise ValueError("a sale lacks its id, its status or its day")
        return self


def _is_hotmart_sale(sale: dict[str, Any]) -> bool:
    purchase = sale.get("purchase")
    if not isinstance(purchase, dict):
        return False
    texts = (purchase.get("transaction"), purchase.get("status"))
    return all(isinstance(one, str) for one in texts) and isinstance(purchase.get("order_date"), int)


def _is_kiwify_sale(sale: dict[str, Any]) -> bool:
    return all(isinstance(sale.get(key), str) for key in ("id", "status", "created_at"))


# Obviously made up: what `make run` shows to whoever wants to try a setup.
DEMO_HOTMART = Account(
    vendor="hotmart",
    client_id="demo-hotmart-client",
    client_secret="demo-hotmart-secret",  # noqa: S106
)
DEMO_KIWIFY = Account(
    vendor="kiwify",
    client_id="demo-kiwify-client",
    client_secret="demo-kiwify-secret",  # noqa: S106
    account_id="demo-account",
    token_seconds=_KIWIFY_TOKEN_SECONDS,
)
