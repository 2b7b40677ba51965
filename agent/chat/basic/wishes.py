"""What a message asks to be done: calls of the chat's tools, in the order in which they are made."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from agent.chat.basic.intents import Intent
from agent.chat.basic.known import Known
from agent.chat.toolbox import ToolName
from tracking_core.setup.outcome import Stage
from tracking_core.setup.projection import StageStatus

_CHECKS = (Stage.GATEWAY, Stage.META, Stage.URL)
_RED = (StageStatus.ACTION_REQUIRED, StageStatus.WAITING)
# While these are asked, a value in the message is an example, not an order.
_ONLY_TALK = frozenset({Intent.ASK_PERSON, Intent.ASK_UNDO, Intent.ASK_SECRET})
_LAST = frozenset({"ultima", "ultimo", "last", "latest"})


class Wish(NamedTuple):
    tool: ToolName
    arguments: dict[str, Any]


def wishes_of(known: Known) -> list[Wish]:
    """Without those that were called in this turn already."""
    asked = [*_checks(known), *_orders(known)]
    return [one for one in asked if one.tool.value not in known.called]


def _checks(known: Known) -> Iterator[Wish]:
    if known.intent in _ONLY_TALK:
        return
    # First, since a turn may end with the last check that goes well.
    if chosen := _chosen(known):
        yield Wish(ToolName.CHOOSE, chosen)
    if _wants(known, Stage.GATEWAY) and known.gateway and not (known.lacking or known.lacks_account):
        account = {"account_id": known.account_id} if known.gateway == "kiwify" and known.account_id else {}
        yield Wish(ToolName.CHECK_GATEWAY, {"gateway": known.gateway, **account})
    if _wants(known, Stage.META) and known.dataset_id and known.has_token:
        yield Wish(ToolName.CHECK_META, {"dataset_id": known.dataset_id})
    if (known.slots.url or _wants(known, Stage.URL)) and known.url:
        yield Wish(ToolName.CHECK_PAGE, {"url": known.url})


def _wants(known: Known, stage: Stage) -> bool:
    """What was given is to be checked; what was given before, when it is asked for or not yet verified."""
    if (known.gives_gateway and stage is Stage.GATEWAY) or (known.gives_meta and stage is Stage.META):
        return True
    if known.intent is Intent.CHECK_AGAIN:
        named = _named(known)
        return stage in named if named else known.facts.status_of(stage) in _RED
    is_named = stage is Stage.GATEWAY and known.intent is Intent.GIVE_GATEWAY
    return is_named and not known.is_verified(stage)


def _named(known: Known) -> set[Stage]:
    """The stages that a wish for another check is about."""
    words = {
        Stage.GATEWAY: {"gateway", "hotmart", "kiwify", "credenciais", "credencial", "credentials", "secret", "client"},
        Stage.META: {"meta", "token", "dataset", "pixel", "facebook"},
        Stage.URL: {"pagina", "site", "page", "landing", "link", "url"},
    }
    named = {stage for stage, names in words.items() if names & known.words}
    return named | ({Stage.GATEWAY} if known.slots.gateway else set())


def _chosen(known: Known) -> dict[str, Any]:
    consent = {"consent_mode": known.slots.consent} if known.slots.consent else {}
    code = {"test_event_code": known.slots.test_event_code} if known.slots.test_event_code else {}
    return {**consent, **code}


def _orders(known: Known) -> Iterator[Wish]:
    """What is ordered by words alone. A plan is asked for only when nothing is left to be checked."""
    if known.wants_person and known.facts.handoff is None:
        yield Wish(ToolName.CALL_PERSON, {"reason": ""})
    elif known.intent is Intent.ASK_UNDO:
        yield Wish(ToolName.UNDO, {"scope": "last" if known.words & _LAST else "all"})
    elif known.intent is Intent.ASK_TEST_SALE and known.is_verified(Stage.CONFIGURATION):
        yield Wish(ToolName.SEND_TEST_SALE, {})
    elif _wants_plan(known):
        yield Wish(ToolName.REQUEST_PLAN, {})


def _wants_plan(known: Known) -> bool:
    facts = known.facts
    if facts.plan or not all(known.is_verified(stage) for stage in _CHECKS):
        return False
    if known.intent is Intent.ASK_PLAN:
        return True
    is_next = known.intent in (Intent.YES, Intent.ASK_APPROVE, Intent.CHECK_AGAIN)
    return is_next and not known.is_verified(Stage.CONFIGURATION)
