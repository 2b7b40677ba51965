"""What the graph remembers. JSON only, small, never a credential: secrets stand as ``secret:<id>``."""

from typing import Any, Literal, TypedDict

from pydantic import BaseModel, ConfigDict


class Intent(TypedDict):
    """What is being worked on, as it stood in the inbox."""

    id: str
    kind: str
    payload: dict[str, Any]
    actor: str


class SetupState(TypedDict, total=False):
    """``facts`` are what was validated, by stage. ``goal`` is what the plan is to reach, ``plan`` the one that was
    made, ``cursor`` its next action. ``undoing`` are the ledger entries of this undo, ``undo`` those still to be done,
    newest first. ``proof`` is the synthetic sale under way, ``hop`` its next hop. ``replan`` asks for the plan again
    after another wish came between. ``result`` is what the intent came to, ``escalation`` why a person is called."""

    session_id: str
    intent: Intent
    facts: dict[str, Any]
    replan: bool
    goal: dict[str, Any]
    plan: dict[str, Any] | None
    cursor: int
    undo: list[str]
    undoing: list[str]
    proof: dict[str, Any] | None
    hop: int
    failure: dict[str, Any] | None
    result: dict[str, Any]
    escalation: dict[str, Any]


class Decision(BaseModel):
    """The answer to an approval. ``intent`` is what brought it: a decision, an expiry, or another wish that the plan
    gives way to."""

    model_config = ConfigDict(extra="forbid")

    decision: Literal["approved", "rejected", "expired", "superseded"]
    plan_hash: str
    intent: dict[str, Any]
