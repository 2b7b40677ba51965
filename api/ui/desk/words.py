"""The desk's words for what the case file names by code; those of what was tried are in ``handoff.action_words``. What
has none stands as it is."""

from tracking_core.handoff.notes import NoteKind
from tracking_core.i18n import translate
from tracking_core.models import HandoffState, MessageRole
from tracking_core.setup.projection import StageStatus

CASE_STATES: dict[str, str] = {
    HandoffState.OPEN: "Open",
    HandoffState.TAKEN: "Taken",
    HandoffState.RETURNED: "Given back",
    HandoffState.RESOLVED: "Resolved",
}
STAGE_STATUSES: dict[str, str] = {
    StageStatus.NOT_STARTED: "not started",
    StageStatus.IN_PROGRESS: "under way",
    StageStatus.VERIFIED: "works",
    StageStatus.ACTION_REQUIRED: "needs the seller",
    StageStatus.WAITING: "waits for a provider or for us",
}
ROLES: dict[str, str] = {
    MessageRole.SELLER: "Seller",
    MessageRole.HUB: "Hub",
    MessageRole.ASSISTANT: "Assistant",
    MessageRole.SUPPORT: "Support",
}
NOTES: dict[str, str] = {
    NoteKind.ESCALATED: "Handed over to a person",
    NoteKind.TAKEN: "{by} took the case",
    NoteKind.RELEASED: "{by} put the case back into the queue",
    NoteKind.REPLIED: "{by} wrote to the seller",
    NoteKind.ASKED: "{by} asked the seller something",
    NoteKind.SELLER_SAID: "The seller wrote",
    NoteKind.BREACHED: "The promised time passed without an answer",
    NoteKind.RETURNED: "{by} gave the case back to the assistant",
    NoteKind.RESOLVED: "{by} resolved the case",
}
TABLES = (CASE_STATES, STAGE_STATUSES, ROLES, NOTES)


def word(table: dict[str, str], code: str, locale: str) -> str:
    return translate(table[code], locale) if code in table else code
