"""What the chat knows of a session: read fresh for every turn, never remembered, never a secret."""

from collections.abc import Mapping
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
    """``state`` is a ``SessionState``; ``stages`` are in the order of ``Stage``. ``secrets`` are the kinds of
    credentials in the vault that a check may use now; ``of_others``, by gateway, those of them that are another one's.
    ``due`` says in the session's language what is due next and from whom (``seller``, ``hub``, ``provider``).
    ``is_webhook_owed`` while the seller has to add it in the gateway's panel and the gateway was not heard of. ``plan``
    are the lines of the plan that waits for a decision, made by code. ``failure`` is the last one that somebody can
    mend. ``handoff`` is ``open`` or ``taken`` while there is one. ``screens`` is what was read from pictures,
    ``questions`` ask in the place of those of this turn that nobody could read."""

    locale: str
    state: str
    stages: tuple[StageFact, ...]
    percent: int = 0
    gateway: str | None = None
    account_id: str | None = None
    dataset_id: str | None = None
    landing_url: str | None = None
    secrets: frozenset[SecretKind] = frozenset()
    of_others: Mapping[str, frozenset[SecretKind]] = field(default_factory=dict)
    due: tuple[dict[str, str], ...] = ()
    is_webhook_owed: bool = False
    plan: tuple[str, ...] = ()
    failure: StageFact | None = None
    handoff: str | None = None
    screens: tuple[dict[str, Any], ...] = ()
    questions: tuple[str, ...] = ()

    def secrets_for(self, gateway: str | None) -> frozenset[SecretKind]:
        """Those that a check of this gateway may use."""
        return self.secrets - self.of_others.get(gateway or "", frozenset())

    def status_of(self, stage: str) -> str:
        return next((one.status for one in self.stages if one.stage == stage), "not_started")
