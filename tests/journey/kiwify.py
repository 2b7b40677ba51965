"""An account at the simulated Kiwify with credentials as Kiwify's look, and a seller's words about them."""

from dataclasses import dataclass, field
from uuid import uuid4

import httpx

from evals.stack import Stack


@dataclass(frozen=True)
class Account:
    client_id: str = field(default_factory=lambda: str(uuid4()))
    client_secret: str = field(default_factory=lambda: f"{uuid4().hex}{uuid4().hex}")
    account_id: str = field(default_factory=lambda: f"aC9{uuid4().hex[:12]}")

    @property
    def words(self) -> str:
        return self.words_with(self.client_secret)

    def words_with(self, client_secret: str) -> str:
        return (
            f"vendo pela Kiwify\nclient id {self.client_id}\nclient secret {client_secret}\n"
            f"account id {self.account_id}"
        )


def registered(stack: Stack, account: Account | None = None) -> Account:
    made = account or Account()
    answer = stack.vendors_control.post("/accounts", json={"vendor": "kiwify", **vars(made)})
    assert answer.status_code == httpx.codes.NO_CONTENT, answer.text
    return made
