"""What applying is given, and what it answers."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from tracking_core.configuration.ports import WebhookRegistrar
from tracking_core.i18n import DEFAULT_LOCALE
from tracking_core.settings import Settings


def nothing(_point: str) -> None:
    """What happens at a checkpoint unless a test has other plans."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplyContext:
    """One session in the hands of the worker whose ``fence`` is current.

    ``checkpoint`` is called with ``before_call``, ``after_call`` (of the provider), ``before_commit`` and
    ``after_commit`` (of the action's result).
    """

    session_id: UUID
    tenant_id: UUID
    fence: int
    actor: str
    settings: Settings = field(repr=False)
    registrar: WebhookRegistrar = field(repr=False)
    locale: str = DEFAULT_LOCALE
    checkpoint: Callable[[str], None] = field(default=nothing, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionResult:
    """``code`` is a ConfigCode, ``reason`` technical English without secrets, ``params`` what the action made and
    what fills its sentences. ``is_provider_fault``: try again later, it is not the seller's."""

    action_id: UUID
    is_success: bool
    code: str
    reason: str = ""
    params: Mapping[str, Any] = field(default_factory=dict)
    latency_ms: int = 0
    return_code: int | None = None
    is_provider_fault: bool = False


class ActionFailed(Exception):
    """The action was not done, or its undo. ``is_unconfirmed``: it may have been, and reading back did not work."""

    def __init__(
        self,
        code: str,
        reason: str,
        *,
        return_code: int | None = None,
        is_provider_fault: bool = False,
        is_unconfirmed: bool = False,
    ) -> None:
        super().__init__(reason)
        self.code, self.reason, self.return_code = code, reason, return_code
        self.is_provider_fault, self.is_unconfirmed = is_provider_fault, is_unconfirmed
