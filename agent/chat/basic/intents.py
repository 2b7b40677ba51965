"""What a seller's message is about: one of a closed set, by rules. The first rule that holds decides."""

from enum import StrEnum
from functools import cache

from agent.chat.basic.folding import words_of
from agent.chat.basic.person import asks_for_person
from agent.chat.basic.phrases import PHRASES
from agent.chat.basic.rules import Heard, Rule, Spelling, rule
from agent.chat.basic.slots import slots_of

MENU_DIGITS, PERSON_DIGIT = frozenset("12345"), "5"


class Intent(StrEnum):
    ASK_PERSON = "ask_person"
    MENU = "menu"  # the number of a line of the menu
    ASK_SECRET = "ask_secret"  # noqa: S105 - to be shown what nobody is shown
    ASK_WHERE = "ask_where"
    ASK_WHAT = "ask_what"  # what such a value is; where it stands says most of it
    CAN_UNDO = "can_undo"  # whether it could be, later
    ASK_UNDO = "ask_undo"
    ASK_REJECT = "ask_reject"
    ASK_APPROVE = "ask_approve"
    ASK_WHY = "ask_why"
    ASK_TEST_SALE = "ask_test_sale"
    ASK_PRICE = "ask_price"
    ASK_PLAN = "ask_plan"
    CHOOSE_CONSENT = "choose_consent"
    COMPLAINT = "complaint"
    ASK_STATUS = "ask_status"
    OFF_TOPIC = "off_topic"
    GIVE_GATEWAY = "give_gateway"
    GIVE_META = "give_meta"
    GIVE_PAGE = "give_page"
    CHECK_AGAIN = "check_again"
    ASK_HELP = "ask_help"
    THANKS = "thanks"
    GREETING = "greeting"
    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


# A value in the message says more than such words around it.
BEHIND_VALUES = frozenset(
    {
        Intent.GIVE_GATEWAY,
        Intent.GIVE_META,
        Intent.GIVE_PAGE,
        Intent.CHECK_AGAIN,
        Intent.ASK_HELP,
        Intent.THANKS,
        Intent.GREETING,
        Intent.YES,
        Intent.NO,
        Intent.UNKNOWN,
    }
)


def intent_of(text: str) -> Intent:
    if asks_for_person(text):
        return Intent.ASK_PERSON
    words = words_of(text)
    if len(words) == 1 and words[0] in MENU_DIGITS:
        return Intent.MENU
    rules, spelling = _compiled()
    heard = Heard(spelling.corrected(words))
    found = next((intent for intent, one in rules if one.holds(heard)), Intent.UNKNOWN)
    return _of_values(text) or found if found in BEHIND_VALUES else found


def _of_values(text: str) -> Intent | None:
    slots = slots_of(text)
    if slots.account_id or slots.gateway or slots.other_gateway:
        return Intent.GIVE_GATEWAY
    if slots.dataset_id:
        return Intent.GIVE_META
    if slots.url:
        return Intent.GIVE_PAGE
    return Intent.CHOOSE_CONSENT if slots.test_event_code else None


@cache
def _compiled() -> tuple[tuple[tuple[Intent, Rule], ...], Spelling]:
    rules = tuple((Intent(name), rule(line)) for name, lines in PHRASES for line in lines)
    return rules, Spelling({word for _, one in rules for word in one.vocabulary()})
