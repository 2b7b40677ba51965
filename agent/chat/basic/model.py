"""The rules as a chat model: what langchain's agent calls in the place of a language model, with the same tools."""

from collections.abc import Sequence
from typing import Any

from langchain_core.callbacks import AsyncCallbackManagerForLLMRun, CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatResult
from langchain_core.runnables import Runnable

from agent.chat.basic.known import known_of
from agent.chat.basic.replies import reply
from agent.chat.basic.results import told
from agent.chat.basic.wishes import wishes_of
from agent.chat.facts import SessionFacts
from tracking_core.i18n import DEFAULT_LOCALE
from tracking_core.models import SecretKind, SessionState

_NOTHING_KNOWN = SessionFacts(locale=DEFAULT_LOCALE, state=SessionState.CREATED, stages=())


class RuleModel(BaseChatModel):
    """One call of a tool, or words. The same messages and facts always get the same answer.

    ``said`` are the seller's messages of this session, newest last (without it, those among the messages); ``given``
    the kinds of credentials in those of this turn (None: whatever is in the vault, if a reference stands there).
    """

    facts: SessionFacts = _NOTHING_KNOWN
    said: tuple[str, ...] = ()
    given: frozenset[SecretKind] | None = None

    @property
    def _llm_type(self) -> str:
        return "rules"

    def bind_tools(self, tools: Sequence[Any], **_options: Any) -> Runnable[Any, AIMessage]:
        """The rules know the toolbox already."""
        return self

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        return ChatResult(generations=[ChatGeneration(message=self._answer(messages))])

    async def _agenerate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        return self._generate(messages)

    def _answer(self, messages: list[BaseMessage]) -> AIMessage:
        known = known_of(messages, self.facts, self.said, self.given)
        wishes = wishes_of(known)
        if not wishes:
            return AIMessage(told(known) if known.results else reply(known))
        number = len(known.called) + 1
        call = {"name": wishes[0].tool.value, "args": wishes[0].arguments, "id": f"rules_{number}", "type": "tool_call"}
        return AIMessage("", tool_calls=[call])
