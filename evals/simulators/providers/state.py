"""What was asked of the gateways and the faults that tests order. No secret is kept of a request."""

import math
import time
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from evals.simulators.gateways.facts import Facts
from evals.simulators.providers.accounts import DEMO_HOTMART, DEMO_KIWIFY, Account, Vendor
from evals.simulators.providers.listed import id_of, item_after

__all__ = ["DEMO_HOTMART", "DEMO_KIWIFY", "Account", "Fault", "FaultKind", "State", "Use", "Vendor"]

_KEPT_REQUESTS = 1_000
_WINDOW_SECONDS = 60
# Calls a minute: "Rate limit" of each vendor's documentation.
_LIMITS: dict[Vendor, int] = {"hotmart": 500, "kiwify": 100}


class FaultKind(StrEnum):
    """``drop_before``, ``reset`` and ``hang`` (after ``seconds``) end the connection without an answer and without an
    effect, ``drop_after`` once it was done. ``slow`` does what was asked late, even for a client that is gone by then.
    The others only answer."""

    STATUS = "status"
    HTML = "html"
    GARBAGE = "garbage"
    EMPTY = "empty"
    HANG = "hang"
    SLOW = "slow"
    DROP_BEFORE = "drop_before"
    DROP_AFTER = "drop_after"
    RESET = "reset"
    THROTTLED = "throttled"


class Fault(BaseModel):
    """Plays for the next ``times`` calls whose method and path it names; ``path`` is a prefix, empty for all.

    ``wait_seconds`` is what ``throttled`` asks for, in the header of the vendor; None for the vendor's usual.
    """

    model_config = ConfigDict(extra="forbid")

    vendor: Vendor
    kind: FaultKind
    method: Literal["", "GET", "POST", "DELETE"] = ""
    path: str = ""
    times: Annotated[int, Field(ge=1, le=1_000)] = 1
    status: Annotated[int, Field(ge=400, le=599)] = 500
    seconds: Annotated[float, Field(ge=0, le=30)] = 5.0
    wait_seconds: Annotated[int, Field(ge=0, le=86_400)] | None = None


class Use(NamedTuple):
    """Of the running minute's calls; ``left`` is negative for a call too many."""

    limit: int
    left: int
    seconds_to_reset: int


@dataclass
class _Window:
    started_at: float
    calls: int = 0


@dataclass
class State:
    """``webhooks`` by account id, oldest first. ``clock`` counts seconds: tokens and minutes end by it."""

    clock: Callable[[], float] = time.monotonic
    limits: dict[Vendor, int] = field(default_factory=lambda: dict(_LIMITS))
    accounts: list[Account] = field(default_factory=lambda: [DEMO_HOTMART, DEMO_KIWIFY])
    tokens: dict[str, tuple[Account, float]] = field(default_factory=dict)
    webhooks: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    requests: deque[str] = field(default_factory=lambda: deque(maxlen=_KEPT_REQUESTS))
    counts: Counter[str] = field(default_factory=Counter)
    windows: dict[Vendor, _Window] = field(default_factory=dict)

    def reset(self) -> None:
        """As new, but for clock and limits."""
        vars(self).update(vars(State(self.clock, self.limits)))

    def note(self, vendor: Vendor, method: str, route: str) -> None:
        self.requests.append(f"{vendor} {method} {route}")
        self.counts[f"{vendor} {method} {route}"] += 1

    def fault(self, vendor: Vendor, method: str, path: str) -> Fault | None:
        """The first that fits, used once."""
        for fault in self.faults:
            if fault.vendor == vendor and fault.method in ("", method) and path.startswith(fault.path):
                fault.times -= 1
                if not fault.times:
                    self.faults.remove(fault)
                return fault
        return None

    def use(self, vendor: Vendor) -> Use:
        """Count one call."""
        now, window = self.clock(), self.windows.get(vendor)
        if window is None or now - window.started_at >= _WINDOW_SECONDS:
            window = self.windows[vendor] = _Window(now)
        window.calls += 1
        limit = self.limits[vendor]
        return Use(limit, limit - window.calls, math.ceil(window.started_at + _WINDOW_SECONDS - now))

    def account(self, vendor: Vendor, client_id: str, client_secret: str) -> Account | None:
        wanted = (vendor, client_id, client_secret)
        return next((one for one in self.accounts if (one.vendor, one.client_id, one.client_secret) == wanted), None)

    def issue(self, token: str, account: Account) -> None:
        self.tokens[token] = (account, self.clock() + account.token_seconds)

    def holder(self, vendor: Vendor, token: str) -> tuple[Account, bool] | None:
        """Whose token it is, as the account was when it was issued, and whether it has expired."""
        account, ends_at = self.tokens.get(token, (None, 0.0))
        return (account, ends_at <= self.clock()) if account and account.vendor == vendor else None

    def sold(self, vendor: Vendor, client_id: str, sale_id: str, item: dict[str, Any]) -> bool:
        """The item is listed from now on, in place of one of the same sale; False when there is no such account."""
        account = next((one for one in self.accounts if (one.vendor, one.client_id) == (vendor, client_id)), None)
        if account is None:
            return False
        others = [one for one in account.sales if id_of(vendor, one) != sale_id]
        self.register(account.model_copy(update={"sales": [*others, item]}))
        return True

    def happened(self, vendor: Vendor, client_id: str, facts: Facts, step: str) -> None:
        """A step of a played sale: the account lists the sale as it is by now."""
        if item := item_after(vendor, facts, step):
            self.sold(vendor, client_id, id_of(vendor, item), item)

    def client_of(self, account_id: str) -> str:
        """Of Kiwify's account; empty when there is none."""
        found = (one.client_id for one in self.accounts if one.vendor == "kiwify" and one.account_id == account_id)
        return next(found, "")

    def register(self, account: Account) -> None:
        """In place of one with the same client_id."""
        known = (account.vendor, account.client_id)
        self.accounts = [one for one in self.accounts if (one.vendor, one.client_id) != known] + [account]
