"""All that is known when a seller's message is answered: the message, what was said before, the facts, the vault."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, ToolMessage

from agent.chat.basic.bounds import newest
from agent.chat.basic.folding import words_of
from agent.chat.basic.intents import BEHIND_VALUES, PERSON_DIGIT, Intent, intent_of
from agent.chat.basic.slots import Gateway, Slots, slots_of
from agent.chat.facts import SessionFacts
from agent.chat.wording import seller_text, unwrap
from tracking_core.models import SecretKind
from tracking_core.setup.projection import StageStatus

_REFERENCE = re.compile(r"secret:\w")
GATEWAY_NEEDS = (SecretKind.GATEWAY_CLIENT_ID, SecretKind.GATEWAY_CLIENT_SECRET)
_GATEWAY_KINDS = frozenset({*GATEWAY_NEEDS, SecretKind.GATEWAY_BASIC, SecretKind.WEBHOOK_SECRET})
_META_KINDS = frozenset({SecretKind.META_ACCESS_TOKEN, SecretKind.META_APP_SECRET})


@dataclass(frozen=True)
class Known:
    """``given`` None: nobody said which kinds came with this message, and any reference in it may be of any kind."""

    text: str
    facts: SessionFacts
    said: tuple[str, ...]
    called: frozenset[str]
    results: tuple[ToolMessage, ...]
    given_kinds: frozenset[SecretKind] | None

    @cached_property
    def intent(self) -> Intent:
        """A credential without a word about it is given, too."""
        found = intent_of(self.text)
        if found not in BEHIND_VALUES or self.slots.url:
            return found
        if self.given & _GATEWAY_KINDS:
            return Intent.GIVE_GATEWAY
        return Intent.GIVE_META if self.given & _META_KINDS else found

    @property
    def wants_person(self) -> bool:
        return self.intent is Intent.ASK_PERSON or (self.intent is Intent.MENU and self.words == {PERSON_DIGIT})

    @cached_property
    def slots(self) -> Slots:
        return slots_of(self.text)

    @cached_property
    def words(self) -> frozenset[str]:
        return frozenset(words_of(self.text))

    @property
    def given(self) -> frozenset[SecretKind]:
        if self.given_kinds is not None:
            return self.given_kinds
        return self.facts.secrets if _REFERENCE.search(self.text) else frozenset()

    @property
    def gives_gateway(self) -> bool:
        return bool(self.given & _GATEWAY_KINDS or self.slots.account_id)

    @property
    def gives_meta(self) -> bool:
        return bool(self.given & _META_KINDS or self.slots.dataset_id)

    @cached_property
    def gateway(self) -> Gateway | None:
        """As the seller named it last; an account ID is Kiwify's."""
        for slots in self._slots_said:
            if slots.gateway or slots.account_id:
                return slots.gateway or "kiwify"
        checked = self.facts.gateway
        return "hotmart" if checked == "hotmart" else "kiwify" if checked == "kiwify" else None

    @cached_property
    def account_id(self) -> str | None:
        return next((one.account_id for one in self._slots_said if one.account_id), self.facts.account_id)

    @cached_property
    def dataset_id(self) -> str | None:
        return next((one.dataset_id for one in self._slots_said if one.dataset_id), self.facts.dataset_id)

    @cached_property
    def url(self) -> str | None:
        return next((one.url for one in self._slots_said if one.url), self.facts.landing_url)

    @property
    def lacking(self) -> list[SecretKind]:
        """Of what a check of the gateway needs."""
        usable = self.facts.secrets_for(self.gateway)
        return [kind for kind in GATEWAY_NEEDS if kind not in usable]

    @property
    def is_of_other_gateway(self) -> bool:
        """The message is about another gateway than the one that was checked."""
        is_about = self.gives_gateway or self.slots.gateway is not None
        return is_about and self.facts.gateway not in (None, self.gateway)

    @property
    def has_token(self) -> bool:
        return SecretKind.META_ACCESS_TOKEN in self.facts.secrets

    @property
    def lacks_account(self) -> bool:
        return self.gateway == "kiwify" and self.account_id is None

    def is_verified(self, stage: str) -> bool:
        return self.facts.status_of(stage) == StageStatus.VERIFIED

    @cached_property
    def _slots_said(self) -> list[Slots]:
        """Newest first."""
        earlier = (one for one in reversed(self.said) if one != self.text)
        return [self.slots, *map(slots_of, newest(earlier))]


def known_of(
    messages: Sequence[BaseMessage],
    facts: SessionFacts,
    said: tuple[str, ...],
    given: frozenset[SecretKind] | None,
) -> Known:
    """From the messages of a run: the last one of the seller's, and what was done since."""
    last = max((at for at, one in enumerate(messages) if isinstance(one, HumanMessage)), default=-1)
    since = messages[last + 1 :]
    heard = said or tuple(unwrap(one.text) for one in messages if isinstance(one, HumanMessage))
    return Known(
        text=seller_text(messages),
        facts=facts,
        said=heard,
        called=frozenset(call["name"] for one in since if isinstance(one, AIMessage) for call in one.tool_calls),
        results=tuple(one for one in since if isinstance(one, ToolMessage)),
        given_kinds=given,
    )
