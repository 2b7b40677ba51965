"""One way to the provider and back, kept by the browser meanwhile."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from tracking_core.users.tokens import new_token

LIFE: Final = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Flow:
    """``state`` binds the answer to this browser, ``nonce`` the ID token to this flow, ``verifier`` the code
    (RFC 7636)."""

    state: str = field(repr=False)
    nonce: str = field(repr=False)
    verifier: str = field(repr=False)
    next_path: str = "/"


def new_flow(next_path: str) -> Flow:
    return Flow(state=new_token(), nonce=new_token(), verifier=new_token(), next_path=next_path)
