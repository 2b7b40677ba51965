"""Why a person is called, how soon, and what the seller is told of it."""

from enum import StrEnum

from tracking_core.setup.outcome import Fault, Meaning


class Reason(StrEnum):
    """A closed list: what is none of these is ``other``."""

    USER_REQUESTED = "user_requested"
    REPEATED_FAILURE = "repeated_failure"
    TOOL_FAILURE = "tool_failure"
    PROVIDER_OUTAGE = "provider_outage"
    KNOWLEDGE_GAP = "knowledge_gap"
    PERMISSION_MISSING = "permission_missing"
    POLICY_RISK = "policy_risk"
    ROLLBACK_INCOMPLETE = "rollback_incomplete"
    MONEY_AT_RISK = "money_at_risk"
    LLM_UNAVAILABLE = "llm_unavailable"
    ABUSE = "abuse"
    OTHER = "other"


class Priority(StrEnum):
    """In the order of the alphabet: the smaller, the sooner."""

    P1 = "P1"
    P2 = "P2"
    P3 = "P3"


class HandoffCode(StrEnum):
    OPENED = "handoff_opened"
    ADDED = "handoff_added"
    TAKEN = "handoff_taken"
    RELEASED = "handoff_released"
    ASKED = "handoff_asked"
    RETURNED = "handoff_returned"
    RESOLVED = "handoff_resolved"


SENTENCES: dict[Reason, str] = {
    Reason.USER_REQUESTED: "The seller asked to talk to a person.",
    Reason.REPEATED_FAILURE: "The same step failed again and again in the same way, and our help did not mend it.",
    Reason.TOOL_FAILURE: "A check or an action broke on our side again and again.",
    Reason.PROVIDER_OUTAGE: "A provider has been out for so long that the setup cannot go on.",
    Reason.KNOWLEDGE_GAP: "The seller asked something that no playbook answers.",
    Reason.PERMISSION_MISSING: "The seller's account lacks a permission that they cannot give themselves.",
    Reason.POLICY_RISK: "Going on may break a provider's rules or put the seller's account at risk.",
    Reason.ROLLBACK_INCOMPLETE: "Something the setup changed could not be put back as it was.",
    Reason.MONEY_AT_RISK: "Real sales of this seller wait unsent while their connection to Meta is on hold.",
    Reason.LLM_UNAVAILABLE: "The writing assistant cannot be reached, and basic mode did not bring the seller further.",
    Reason.ABUSE: "The conversation is abusive or tries to misuse the setup.",
    Reason.OTHER: "The setup needs a person for a reason that is not on the list.",
}
_AT_ONCE = frozenset({Reason.MONEY_AT_RISK, Reason.ROLLBACK_INCOMPLETE})
_SOON = frozenset({Reason.USER_REQUESTED, Reason.REPEATED_FAILURE})


def priority_of(reason: Reason) -> Priority:
    if reason in _AT_ONCE:
        return Priority.P1
    return Priority.P2 if reason in _SOON else Priority.P3


MEANINGS: dict[HandoffCode, Meaning] = {
    HandoffCode.OPENED: Meaning(
        Fault.NOBODY,
        "I called a person of our team. They get what was checked, every attempt with its result and this conversation;"
        " your credentials stay in the vault. {eta}",
        "You can go on with the setup meanwhile.",
    ),
    HandoffCode.ADDED: Meaning(Fault.NOBODY, "I added what happened since to the case that our team has. {eta}"),
    HandoffCode.TAKEN: Meaning(
        Fault.NOBODY, "{owner} of our team is looking at your setup now. What you write here goes to this person."
    ),
    HandoffCode.RELEASED: Meaning(Fault.NOBODY, "Another person of our team will go on with your case. {eta}"),
    HandoffCode.ASKED: Meaning(Fault.NOBODY, "Our team needs your answer to go on.", "Write it here in the chat."),
    HandoffCode.RETURNED: Meaning(
        Fault.NOBODY, "Our team has done its part, and I go on with you from here.", "Tell me when you are ready."
    ),
    HandoffCode.RESOLVED: Meaning(
        Fault.NOBODY, "Our team has closed your case.", "If something is not right, ask for a person again."
    ),
}
