"""What the chat's tools and middleware are given at run time and what no checkpoint keeps."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from uuid import UUID

from langchain_core.language_models import BaseChatModel

from agent.chat.breaker import Breaker
from agent.chat.facts import SessionFacts
from tracking_core.models import SecretKind
from tracking_core.settings import Settings


@dataclass(slots=True)
class Spend:
    """What this run has cost so far."""

    calls: int = 0
    input_tokens: int = 0
    output_tokens: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatContext:
    """One turn in the hands of one worker. Tenant and session come from here and never from a tool's arguments.

    ``said`` is what the seller wrote in this session, newest last: a value that a tool is given must stand there.
    ``given`` are the kinds of credentials in the messages of this turn; ``prompt`` is what stands on what is
    written. ``model`` None means basic mode. ``ring`` wakes
    the setup's worker, ``wait`` waits until an intent is handled or the time is over; ``read_facts`` reads anew.
    """

    settings: Settings
    session_id: UUID
    tenant_id: UUID
    turn_id: UUID
    locale: str
    facts: SessionFacts
    text: str
    said: tuple[str, ...]
    given: frozenset[SecretKind]
    prompt: str
    model: BaseChatModel | None = field(repr=False)
    breaker: Breaker = field(repr=False)
    ring: Callable[[UUID], None] = field(repr=False)
    wait: Callable[[UUID], Awaitable[None]] = field(repr=False)
    read_facts: Callable[[], Awaitable[SessionFacts]] = field(repr=False)
    spend: Spend = field(default_factory=Spend)
