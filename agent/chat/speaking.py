"""The words of code: what is said when what was done speaks for itself, so that no number and no name is generated."""

import re
from collections.abc import Sequence

from agent.chat.facts import SessionFacts
from agent.chat.toolbox import ResultStatus, ToolResult
from tracking_core.i18n import translate
from tracking_core.models import HandoffState, SessionState
from tracking_core.setup.projection import StageStatus

_PLAN_READY = "The plan is ready. Read it below and approve or refuse it with the buttons; nothing changes before that."
_STILL = "I am still on it. The result appears here as soon as it is there."
_NEXT = "Next: {message}"
_DONE = "Everything is set up and proved. Your sales now reach Meta by themselves."
_DONE_BUT_ONE = (
    "Everything is set up and proved. One step is yours: add the webhook in the panel of the platform you sell on, as"
    " the page of your setup shows. Until then your sales do not arrive by themselves."
)
_NOTHING = "Done."
_CANNOT_SEE = "I cannot read pictures here. Tell me what yours shows:"
_KEPT = "the saved credential"
_ALIAS = re.compile(r"`?secret:\w[\w-]*`?")
_CHECKS = ("gateway", "meta", "url")


def after(results: Sequence[ToolResult], facts: SessionFacts) -> str:
    """What comes next, after results that the setup itself has told already. What something under way comes to is told
    where it comes to it: the next step would be a guess."""
    said = [one["message"] for one in results if one["status"] == ResultStatus.REFUSED and one.get("message")]
    if any(one["status"] == ResultStatus.QUEUED for one in results):
        return _joined([*said, translate(_STILL, facts.locale)])
    return _joined([*said, next_step(facts)])


def _joined(said: Sequence[str]) -> str:
    """One after the other; what follows a list begins a paragraph, or it would be the list's last item."""
    text = said[0]
    for sentence in said[1:]:
        text += ("\n\n" if "\n" in text else " ") + sentence
    return text


def next_step(facts: SessionFacts) -> str:
    """One sentence from what the session waits for."""
    if facts.plan:
        return translate(_PLAN_READY, facts.locale)
    if facts.state == SessionState.DONE:
        return translate(_DONE_BUT_ONE if facts.is_webhook_owed else _DONE, facts.locale)
    due = next((one["message"] for one in facts.due if one["due_from"] == "seller"), None)
    return translate(_NEXT, facts.locale).format(message=due) if due else translate(_NOTHING, facts.locale)


def ask_instead(questions: Sequence[str], locale: str) -> str:
    """What a picture would have told, asked one by one."""
    return "\n".join([translate(_CANNOT_SEE, locale), *(f"{at}. {one}" for at, one in enumerate(questions, 1))])


def shown(text: str, locale: str) -> str:
    """Without the names by which a model knows what is in the vault."""
    return _ALIAS.sub(translate(_KEPT, locale), text)


def is_ready_for_plan(facts: SessionFacts) -> bool:
    """Every check went well, and neither a plan nor a configuration is there: nothing is left to ask the seller."""
    return (
        are_checked(facts)
        and facts.status_of("configuration") == StageStatus.NOT_STARTED
        and not facts.plan
        and facts.handoff != HandoffState.TAKEN
    )


def are_checked(facts: SessionFacts) -> bool:
    return all(facts.status_of(stage) == StageStatus.VERIFIED for stage in _CHECKS)
