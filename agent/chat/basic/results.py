"""What is said of what the tools of this turn came to."""

from collections.abc import Sequence

from agent.chat.basic.asking import missing, next_step
from agent.chat.basic.known import Known
from agent.chat.toolbox import ResultStatus, ToolResult, result_in
from tracking_core.i18n import translate

_STILL = "The check is still running. Its result appears here in the chat and in the steps above."
_COULD_NOT = "I could not do that just now. Write it once more, or ask to talk to a person."


def told(known: Known) -> str:
    """Failures by their playbooks, refusals by what they lack, what is under way; then what comes next."""
    results = [result_in(message) for message in known.results]
    understood = [result for result in results if result is not None]
    parts = [said for result in understood if (said := _said(result, known))]
    if len(understood) < len(results):
        parts.append(translate(_COULD_NOT, known.facts.locale))
    if not _has_question(understood):
        # What a queued check comes to is told where it comes to it; the next step would be a guess.
        is_queued = any(one["status"] == ResultStatus.QUEUED for one in understood)
        parts.append(translate(_STILL, known.facts.locale) if is_queued else next_step(known))
    return "\n\n".join(dict.fromkeys(parts))


def _said(result: ToolResult, known: Known) -> str:
    if lacking := result.get("missing"):
        return missing(lacking, known)
    if result["status"] == ResultStatus.FAILED:
        return result.get("playbook") or f"{result.get('message', '')} {result.get('recommendation', '')}".strip()
    return result.get("message", "") if result["status"] == ResultStatus.REFUSED else ""


def _has_question(results: Sequence[ToolResult]) -> bool:
    """A playbook, or what is missing, ends in something for the seller to do already."""
    return any(one.get("playbook") or one.get("missing") for one in results)
