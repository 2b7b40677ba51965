"""Accounts, what was asked of them, and the faults that tests order. No secret is kept of a request."""

import time
from collections import Counter, deque
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

_KEPT_REQUESTS = 1_000
_LIMITS = {"hotmart": 500, "kiwify": 100}
Vendor = Literal["hotmart", "kiwify"]


class Account(BaseModel):
    """A seller's API credentials. ``permissions`` are paths of the API without which a call is refused."""

    model_config = ConfigDict(extra="forbid")

    vendor: Vendor
    client_id: Annotated[str, Field(min_length=1, max_length=200)]
    client_secret: Annotated[str, Field(min_length=1, max_length=200, repr=False)]
    account_id: str = ""
    name: str = "Loja de demonstração"
    permissions: frozenset[str] = frozenset({"sales", "webhooks", "account", "products"})
    sales: list[dict[str, Any]] = []
    token_seconds: Annotated[int, Field(ge=0, le=1_000_000)] = 172_799


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
)


class FaultKind(StrEnum):
    """``drop_before`` closes the connection without an effect, ``drop_after`` once it was done."""

    STATUS = "status"
    HTML = "html"
    GARBAGE = "garbage"
    EMPTY = "empty"
    HANG = "hang"
    SLOW = "slow"
    DROP_BEFORE = "drop_before"
    DROP_AFTER = "drop_after"
    THROTTLED = "throttled"


class Fault(BaseModel):
    """Plays for the next ``times`` calls whose method and path it names; ``path`` is a prefix, empty for all."""

    model_config = ConfigDict(extra="forbid")

    vendor: Vendor
    kind: FaultKind
    method: Literal["", "GET", "POST", "DELETE"] = ""
    path: str = ""
    times: Annotated[int, Field(ge=1, le=1_000)] = 1
    status: Annotated[int, Field(ge=400, le=599)] = 500
    seconds: Annotated[float, Field(ge=0, le=30)] = 5.0


@dataclass
class State:
    """``webhooks`` by account id, oldest first."""

    accounts: list[Account] = field(default_factory=lambda: [DEMO_HOTMART, DEMO_KIWIFY])
    tokens: dict[str, tuple[Account, float]] = field(default_factory=dict)
    webhooks: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    requests: deque[str] = field(default_factory=lambda: deque(maxlen=_KEPT_REQUESTS))
    counts: Counter[str] = field(default_factory=Counter)
    calls: dict[str, deque[float]] = field(default_factory=lambda: {vendor: deque() for vendor in _LIMITS})

    def note(self, vendor: str, method: str, path: str) -> None:
        self.requests.append(f"{vendor} {method} {path}")
        self.counts[f"{vendor} {method} {path}"] += 1

    def fault(self, vendor: str, method: str, path: str) -> Fault | None:
        """The first that fits, used once."""
        for fault in self.faults:
            if fault.vendor == vendor and fault.method in ("", method) and path.startswith(fault.path):
                fault.times -= 1
                if not fault.times:
                    self.faults.remove(fault)
                return fault
        return None

    def is_over_the_limit(self, vendor: str) -> bool:
        """Calls of the last minute, this one included, against the vendor's documented limit."""
        now, calls = time.monotonic(), self.calls[vendor]
        while calls and calls[0] < now - 60:
            calls.popleft()
        calls.append(now)
        return len(calls) > _LIMITS[vendor]

    def account(self, vendor: str, client_id: str, client_secret: str) -> Account | None:
        wanted = (vendor, client_id, client_secret)
        return next((one for one in self.accounts if (one.vendor, one.client_id, one.client_secret) == wanted), None)

    def holder(self, token: str) -> tuple[Account, bool] | None:
        """Whose token it is, and whether it has expired."""
        known = self.tokens.get(token)
        return (known[0], known[1] <= time.monotonic()) if known else None

    def register(self, account: Account) -> None:
        self.accounts = [one for one in self.accounts if one.client_id != account.client_id] + [account]
