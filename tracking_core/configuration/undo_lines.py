"""The sentences of a plan that takes back, made from the ledger: account, dataset and address in full."""

from collections.abc import Mapping
from typing import Any

from tracking_core.configuration.actions import ActionName, Line, UndoKind
from tracking_core.configuration.lines import in_full
from tracking_core.models import SetupActionLog

NOTHING = Line(msgid="There is nothing to take back: this setup has changed nothing that still stands.")
_TAKEN_AWAY = {
    ActionName.CONNECT_DATASET: "Take away the connection to the Meta dataset {dataset_name} ({dataset_id}).",
    ActionName.CREATE_ENDPOINT: "Take away the address {url} for webhooks of {gateway}.",
    ActionName.ACTIVATE_VERSION: "Take version {version} of the configuration out of use.",
}
_PUT_BACK = {
    ActionName.CONNECT_DATASET: "Put the connection to the Meta dataset {dataset_name} ({dataset_id}) back as it was.",
    ActionName.CREATE_ENDPOINT: "Put the address {url} for webhooks of {gateway} back as it was.",
    ActionName.REGISTER_WEBHOOK: "Delete the webhook {url} from the {gateway} account {account}, through its API.",
    ActionName.WEBHOOK_INSTRUCTIONS: (
        "Show you the steps to remove the webhook {url} in {gateway}'s panel yourself: it has no API for that."
    ),
    ActionName.MAP_EVENTS: "Put the visits sent to the Meta dataset {dataset_name} ({dataset_id}) back as they were.",
    ActionName.SET_CONSENT_MODE: "Put what counts as a visitor's consent back as it was.",
    ActionName.UNREGISTER_WEBHOOK: "Register the webhook {url} in the {gateway} account {account}, through its API.",
    ActionName.DISABLE_ENDPOINT: "Open the address {url} for webhooks of {gateway}.",
    ActionName.DISCONNECT_DATASET: "Send to the Meta dataset {dataset_name} ({dataset_id}) again.",
    ActionName.ACTIVATE_VERSION: "Take version {version} of the configuration out of use.",
}


def of(row: SetupActionLog) -> Line:
    """What undoing the row will do."""
    name = ActionName(row.action)
    is_created = row.undo_kind in (UndoKind.DELETE_CREATED, UndoKind.DISABLE)
    msgid = (_TAKEN_AWAY.get(name) if is_created else None) or _PUT_BACK[name]
    return Line(msgid=msgid, params=_params(row.input))


def _params(said: Mapping[str, Any]) -> dict[str, str]:
    known = in_full(said) if "url" in said else {}
    return known | {name: str(said[name]) for name in ("dataset_id", "dataset_name", "version") if name in said}
