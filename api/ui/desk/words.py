"""The desk's words for what the case file names by code. What has none stands as it is."""

from tracking_core.configuration.actions import ActionName
from tracking_core.configuration.ledger import UNDO_PREFIX
from tracking_core.handoff.notes import NoteKind
from tracking_core.i18n import translate
from tracking_core.models import ActionState, HandoffState, MessageRole
from tracking_core.proof.run import Hop
from tracking_core.setup.inbox import IntentKind
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
ATTEMPT_STATES: dict[str, str] = {
    ActionState.IN_FLIGHT: "under way",
    ActionState.SUCCESS: "worked",
    ActionState.FAILED: "failed",
    ActionState.UNDONE: "taken back",
    ActionState.UNDO_FAILED: "could not be taken back",
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
ACTIONS: dict[str, str] = {
    IntentKind.VALIDATE_GATEWAY: "Check of the checkout's credentials",
    IntentKind.VALIDATE_META: "Check of Meta's token",
    IntentKind.PROBE_LANDING: "Look at the sales page",
    ActionName.CONNECT_DATASET: "Connecting the dataset",
    ActionName.CREATE_ENDPOINT: "Opening the webhook's address",
    ActionName.REGISTER_WEBHOOK: "Registering the webhook",
    ActionName.WEBHOOK_INSTRUCTIONS: "Steps for adding the webhook by hand",
    ActionName.MAP_EVENTS: "Choosing the visits that are sent",
    ActionName.SET_CONSENT_MODE: "Setting the kind of consent",
    ActionName.UNREGISTER_WEBHOOK: "Deleting the webhook",
    ActionName.DISABLE_ENDPOINT: "Closing the webhook's address",
    ActionName.DISCONNECT_DATASET: "Disconnecting the dataset",
    ActionName.ACTIVATE_VERSION: "Switching the configuration's version",
    f"proof_{Hop.CLICK}": "Test sale: the click",
    f"proof_{Hop.PAGEVIEW}": "Test sale: the page view",
    f"proof_{Hop.INITIATE_CHECKOUT}": "Test sale: the checkout",
    f"proof_{Hop.WEBHOOK}": "Test sale: the webhook",
    f"proof_{Hop.MATCH}": "Test sale: the match",
    f"proof_{Hop.DELIVERY}": "Test sale: the delivery",
    f"proof_{Hop.META}": "Test sale: Meta's answer",
}
TAKING_BACK = "Taking back: {action}"
TABLES = (CASE_STATES, STAGE_STATUSES, ATTEMPT_STATES, ROLES, NOTES, ACTIONS)


def word(table: dict[str, str], code: str, locale: str) -> str:
    return translate(table[code], locale) if code in table else code


def action(name: str, locale: str) -> str:
    if name.startswith(UNDO_PREFIX):
        return translate(TAKING_BACK, locale).format(action=action(name.removeprefix(UNDO_PREFIX), locale))
    return word(ACTIONS, name, locale)
