"""How the facts and the seller's words stand together in one message, and how the words are found again."""

import re
from collections.abc import Sequence

from langchain_core.messages import BaseMessage, HumanMessage

FACTS, FACTS_END = "<fatos>", "</fatos>"
_PASSES = 3
_MARKS = re.compile(r"<\s*/?\s*fatos\s*>", re.IGNORECASE)


def wrap(facts_text: str, seller_text: str) -> str:
    """The facts as a block, then the seller's words. Neither can end the block or begin another one."""
    return f"{FACTS}\n{plain(facts_text)}\n{FACTS_END}\n{plain(seller_text)}"


def unwrap(content: str) -> str:
    """The seller's words; a message without facts is all theirs."""
    if not content.startswith(FACTS):
        return content
    return content.partition(f"{FACTS_END}\n")[2]


def seller_text(messages: Sequence[BaseMessage]) -> str:
    """The seller's last message; empty when there is none."""
    last = next((one for one in reversed(messages) if isinstance(one, HumanMessage)), None)
    return unwrap(last.text) if last else ""


def plain(text: str) -> str:
    """Without the marks of a block, however they are put together from pieces."""
    for _ in range(_PASSES):
        text = _MARKS.sub("", text)
    # Who goes on nesting them gets none of their brackets.
    return text.replace("<", "‹") if _MARKS.search(text) else text
