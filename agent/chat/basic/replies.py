"""What is said when nothing is to be called: the answer to the question, and what comes next."""

from collections.abc import Callable

from agent.chat import speaking
from agent.chat.basic.asking import ask_gateway, ask_meta, ask_page, next_step
from agent.chat.basic.guides import guide, place_in
from agent.chat.basic.intents import Intent
from agent.chat.basic.known import Known
from agent.chat.facts import SessionFacts
from agent.prompts.playbooks import playbook_of
from tracking_core.i18n import translate

_HELLO = (
    "Hello! I set up the tracking of your sales: first your platform, then Meta and your sales page, and at the end a"
    " plan that you approve."
)
_NO_SECRETS = (
    "I cannot show a credential to anyone, not even to you: it is in the vault. If you lost it, make a new one."
)
_APPROVE_BY_BUTTON = "I cannot approve for you, and a message does not do it either: use the button below the plan."
_CAN_UNDO = (
    "Yes: write “undo everything” whenever you like, and I prepare a plan for it that you approve with the button."
)
_REJECT_BY_BUTTON = "Use the button below the plan to refuse it. Nothing has changed."
_NO_PLAN = "There is no plan waiting for you right now."
_NOT_YET = "Before the plan, everything has to be checked."
_PROOF_LATER = "The test sale can be sent once the configuration is active."
_ALREADY_WELL = "Nothing has gone wrong so far."
_PRICE = "I only take care of the setup and know no prices. For that, write “I want to talk to a person”."
_CONSENT = (
    "Which visitors may be counted? Answer “opt-in” (only who accepted the cookies) or “opt-out” (everyone who did not"
    " refuse)."
)
_SORRY = "I am sorry that this is taking your time. If you prefer, write “I want to talk to a person” and I call one."
_OFF_TOPIC = "I can only help with the setup of your tracking."
_WELCOME = "You are welcome!"
_NO_HURRY = "All right, nothing changes until you say so."
_CALLED = "A person of the support team has been called and will answer in this chat."
_UNKNOWN = "I am not sure what you mean. Answer with a number, or in other words:"
_MENU = (
    "My platform (Hotmart or Kiwify)",
    "Meta: dataset and token",
    "My sales page",
    "Where the setup stands",
    "Talk to a person",
)
_STAGES = {
    "gateway": "gateway",
    "meta": "Meta",
    "url": "sales page",
    "configuration": "configuration",
    "proof": "proof",
}
_STATUS = {
    "not_started": "still to do",
    "in_progress": "under way",
    "verified": "done",
    "action_required": "needs a correction",
    "waiting": "waiting",
}


_PICTURES = frozenset(
    {"print", "prints", "tela", "imagem", "foto", "captura", "screenshot", "picture", "image", "anexo"}
)


def reply(known: Known) -> str:
    facts = known.facts
    if facts.questions and (known.intent is Intent.UNKNOWN or known.words & _PICTURES):
        return speaking.ask_instead(facts.questions, facts.locale)
    return _REPLIES[known.intent](known)


def explained(facts: SessionFacts) -> str | None:
    """The playbook of the last failure that the seller can mend."""
    failure = facts.failure
    if failure is None or failure.code is None:
        return None
    playbook = playbook_of(failure.code, failure.params, facts.locale)
    return playbook.text() if playbook else f"{failure.message} {failure.recommendation}".strip()


def menu(locale: str) -> str:
    lines = [f"{number}. {translate(line, locale)}" for number, line in enumerate(_MENU, 1)]
    return "\n".join([translate(_UNKNOWN, locale), *lines])


def _then(message: str) -> Callable[[Known], str]:
    """The sentence, and what comes next."""
    return lambda known: f"{translate(message, known.facts.locale)} {next_step(known)}"


def _only(message: str) -> Callable[[Known], str]:
    return lambda known: translate(message, known.facts.locale)


def _where(known: Known) -> str:
    place = place_in(known.text)
    return guide(place, known.gateway, known.facts.locale) if place else next_step(known)


def _why(known: Known) -> str:
    return explained(known.facts) or _then(_ALREADY_WELL)(known)


def _approve(known: Known) -> str:
    return _then(_APPROVE_BY_BUTTON if known.facts.plan else _NO_PLAN)(known)


def _reject(known: Known) -> str:
    return _only(_REJECT_BY_BUTTON)(known) if known.facts.plan else _then(_NO_PLAN)(known)


def _plan(known: Known) -> str:
    return next_step(known) if known.facts.plan else _then(_NOT_YET)(known)


def _status(known: Known) -> str:
    locale = known.facts.locale
    lines = [
        f"- {translate(_STAGES[one.stage], locale)}: {translate(_STATUS.get(one.status, one.status), locale)}"
        for one in known.facts.stages
    ]
    due = [one["message"] for one in known.facts.due if one["due_from"] != "seller"]
    return "\n".join([*lines, *due, next_step(known)])


def _help(known: Known) -> str:
    return explained(known.facts) or next_step(known)


def _yes(known: Known) -> str:
    return _approve(known) if known.facts.plan else next_step(known)


def _no(known: Known) -> str:
    return _reject(known) if known.facts.plan else _only(_NO_HURRY)(known)


def _numbered(known: Known) -> str:
    lines = (ask_gateway, ask_meta, ask_page, _status, _only(_CALLED))
    (digit,) = known.words
    return lines[int(digit) - 1](known)


_REPLIES: dict[Intent, Callable[[Known], str]] = {
    Intent.ASK_PERSON: _only(_CALLED),
    Intent.MENU: _numbered,
    Intent.ASK_SECRET: _then(_NO_SECRETS),
    Intent.ASK_WHERE: _where,
    Intent.ASK_WHAT: _where,
    Intent.CAN_UNDO: _then(_CAN_UNDO),
    Intent.ASK_UNDO: next_step,
    Intent.ASK_REJECT: _reject,
    Intent.ASK_APPROVE: _approve,
    Intent.ASK_WHY: _why,
    Intent.ASK_TEST_SALE: _then(_PROOF_LATER),
    Intent.ASK_PRICE: _then(_PRICE),
    Intent.ASK_PLAN: _plan,
    Intent.CHOOSE_CONSENT: _only(_CONSENT),
    Intent.COMPLAINT: _then(_SORRY),
    Intent.ASK_STATUS: _status,
    Intent.OFF_TOPIC: _then(_OFF_TOPIC),
    Intent.GIVE_GATEWAY: ask_gateway,
    Intent.GIVE_META: ask_meta,
    Intent.GIVE_PAGE: ask_page,
    Intent.CHECK_AGAIN: next_step,
    Intent.ASK_HELP: _help,
    Intent.THANKS: _then(_WELCOME),
    Intent.GREETING: _then(_HELLO),
    Intent.YES: _yes,
    Intent.NO: _no,
    Intent.UNKNOWN: lambda known: menu(known.facts.locale),
}
