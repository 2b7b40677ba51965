"""What was tried and how it ended, in words; the ledger keeps codes. What has no word stands as it is."""

from tracking_core.configuration.actions import ActionName
from tracking_core.configuration.ledger import UNDO_PREFIX
from tracking_core.i18n import translate
from tracking_core.models import ActionState
from tracking_core.proof.run import Hop
from tracking_core.setup.inbox import IntentKind

ATTEMPT_STATES: dict[str, str] = {
    ActionState.IN_FLIGHT: "under way",
    ActionState.SUCCESS: "worked",
    ActionState.FAILED: "failed",
    ActionState.UNDONE: "taken back",
    ActionState.UNDO_FAILED: "could not be taken back",
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


def action_word(name: str, locale: str) -> str:
    if name.startswith(UNDO_PREFIX):
        return translate(TAKING_BACK, locale).format(action=action_word(name.removeprefix(UNDO_PREFIX), locale))
    return translate(ACTIONS.get(name, name), locale)


def state_word(code: str, locale: str) -> str:
    return translate(ATTEMPT_STATES.get(code, code), locale)
