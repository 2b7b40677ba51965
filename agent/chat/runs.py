"""What a run of the graph came to, and where one stands that was cut."""

from dataclasses import dataclass, field
from enum import StrEnum

from langchain_core.messages import AIMessage, AnyMessage, ToolMessage

from agent.chat.toolbox import ToolResult, result_in
from tracking_core.models import ChatMode


@dataclass(slots=True)
class Run:
    """What the graph came to. ``mode`` is the one of the last answer, None when code alone answered; ``reason`` is why
    it is not the model's."""

    text: str = ""
    results: list[ToolResult] = field(default_factory=list)
    mode: ChatMode | None = None
    reason: str | None = None


class Standing(StrEnum):
    """Of the thread when a turn begins: nothing of it yet, cut in the middle, or ended and not yet said."""

    FRESH = "fresh"
    MIDDLE = "middle"
    ENDED = "ended"


def read_off(messages: list[AnyMessage], run: Run) -> None:
    """The results of this turn's tools, and the model's last words when nothing came after them."""
    for message in messages:
        if isinstance(message, ToolMessage) and (result := result_in(message)):
            run.results.append(result)
    last = messages[-1] if messages else None
    run.text = last.text.strip() if isinstance(last, AIMessage) and not last.tool_calls else ""
