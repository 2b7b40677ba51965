"""What the chat knows of a session: read fresh for every turn, never remembered, never a secret."""

from dataclasses import dataclass, field
from typing import Any

from tracking_core.models import SecretKind


@dataclass(frozen=True, slots=True, kw_only=True)
class StageFact:
    """One stage as the status shows it; ``message`` and ``recommendation`` in the session's language."""

    stage: str
    status: str
    code: str | None = None
    message: str = ""
    recommendation: str = ""
    params: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionFacts:
    """``state`` is a ``SessionState``; ``stages`` are in the order of ``Stage``; ``is_configured``: a configuration is
    in use. ``secrets`` are the kinds of credentials in the vault that a check may use now. ``due`` says in the
    session's language what is due next and from whom (``seller``, ``hub``, ``provider``). ``plan`` are the lines of the
    plan that waits for a decision, made by code. ``failure`` is the last one that somebody can mend. ``handoff`` is
    ``open`` or ``taken`` while there is one. ``screens`` is what was read from pictures, ``questions`` ask
    in the place of those of this turn that nobody could read."""

    locale: str
    state: str
    stages: tuple[StageFact, ...]
    percent: int = 0
    is_configured: bool = False
    gateway: str | None = None
    account_id: str | None = None
    dataset_id: str | None = None
    landing_url: str | None = None
    secrets: frozenset[SecretKind] = frozenset()
    due: tuple[dict[str, str], ...] = ()
    plan: tuple[str, ...] = ()
    failure: StageFact | None = None
    handoff: str | None = None
    screens: tuple[dict[str, Any], ...] = ()
    questions: tuple[str, ...] = ()

    def status_of(self, stage: str) -> str:
        return next((one.status for one in self.stages if one.stage == stage), "not_started")
