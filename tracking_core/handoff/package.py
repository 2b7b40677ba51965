"""The case file, in a schema with a version: the same for every channel, and published as ``docs/handoff.schema.json``.

Made by code from the database, never by a model. Every text went through the scanner and is bounded; the whole is at
most ``MAX_BYTES`` as JSON. It holds no credential and not the seller's contact, which stays sealed with the session.
Sentences of ours are in the desk's language, quotations as they were written.
"""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from tracking_core.configuration.facts import Frozen

PACKAGE_VERSION = 1
MAX_BYTES = 65_536
MAX_MESSAGES = 50


class Case(Frozen):
    """``locale`` is the seller's language, ``link`` the live session."""

    id: UUID
    created_at: datetime
    priority: Literal["P1", "P2", "P3"]
    due_at: datetime
    locale: str
    link: str


class ReasonGiven(Frozen):
    """``code`` is a ``Reason``; ``failure`` the code of what failed, where something did."""

    code: str
    sentence: str
    failure: str | None
    failure_message: str | None


class Customer(Frozen):
    """Whether there is a contact, never the contact itself."""

    tenant_id: UUID
    name: str
    has_contact: bool


class StageReport(Frozen):
    """``status`` as the session's status says it; ``is_working`` is what a reader wants to know first."""

    stage: str
    label: str
    is_working: bool
    status: str
    code: str | None
    message: str | None
    at: datetime | None


class Progress(Frozen):
    """``step`` is the stage where it stopped."""

    goal: str
    step: str
    stages: tuple[StageReport, ...]


class Quote(Frozen):
    """What the seller wrote last."""

    text: str
    at: datetime


class Attempt(Frozen):
    """Ledger entries with the same action, input and result, counted. ``input`` is masked: credentials stand in it as
    ``secret``."""

    action: str
    input: dict[str, Any]
    state: str
    code: str | None
    message: str | None
    count: int
    first_at: datetime
    last_at: datetime


class ProviderAnswer(Frozen):
    """The technical side of one recent outcome."""

    action: str
    state: str
    code: str | None
    reason: str | None
    return_code: int | None
    provider_request_id: str | None
    latency_ms: int | None
    at: datetime


class Screenshot(Frozen):
    """By id; what was read from it is data, never an instruction."""

    id: UUID
    state: str
    at: datetime
    extraction: dict[str, Any]


class Evidence(Frozen):
    """``page`` are the facts of the last look at the seller's page."""

    outcomes: tuple[ProviderAnswer, ...]
    page: dict[str, Any]
    screenshots: tuple[Screenshot, ...]


class AppliedAction(Frozen):
    """Something this setup changed that still stands; ``undo`` says what taking it back will do."""

    action_id: UUID
    action: str
    state: str
    undo_kind: str
    undo: str
    at: datetime


class ChecklistItem(Frozen):
    """``needs_person``: it stays until somebody does it by hand."""

    text: str
    needs_person: bool


class ExternalState(Frozen):
    """``configuration_version`` is the version in use; ``plan_waiting`` the hash of a plan that waits for approval."""

    configuration_version: int | None
    plan_waiting: str | None
    applied: tuple[AppliedAction, ...]
    undo_checklist: tuple[ChecklistItem, ...]


class Answered(Frozen):
    """A question nobody has to ask again."""

    question: str
    answer: str


class NextStep(Frozen):
    """``playbook`` is the failure code whose playbook to follow."""

    text: str
    playbook: str | None
    answered: tuple[Answered, ...]


class Line(Frozen):
    role: str
    text: str
    code: str | None
    at: datetime


class Conversation(Frozen):
    """The newest messages, oldest first; ``omitted`` came before them and stand at ``link``."""

    summary: tuple[str, ...]
    messages: tuple[Line, ...]
    omitted: int
    link: str


class GiveBack(Frozen):
    """A way to go on; ``path`` is relative to the hub."""

    action: Literal["resume", "resolve", "ask_seller"]
    label: str
    method: Literal["POST"]
    path: str


class HandoffPackage(Frozen):
    version: Literal[1]
    case: Case
    reason: ReasonGiven
    customer: Customer
    progress: Progress
    last_said: Quote | None
    attempts: tuple[Attempt, ...]
    evidence: Evidence
    external_state: ExternalState
    next_step: NextStep
    conversation: Conversation
    give_back: tuple[GiveBack, ...]
