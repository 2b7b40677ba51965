"""What only shows on a live tenant; the rest of the doctor's codes are those of the checks it runs again."""

from enum import StrEnum

from tracking_core.setup.outcome import Fault, Meaning


class DoctorCode(StrEnum):
    WEBHOOK_ALIVE = "doctor_webhook_alive"
    WEBHOOK_SILENT = "doctor_webhook_silent"
    WEBHOOK_NEVER = "doctor_webhook_never"
    ON_HOLD = "doctor_connection_on_hold"
    CONNECTION_OFF = "doctor_connection_off"
    WEBHOOK_OFF = "doctor_webhook_off"
    FAILED = "doctor_failed"


MEANINGS: dict[DoctorCode, Meaning] = {
    DoctorCode.WEBHOOK_ALIVE: Meaning(Fault.NOBODY, "Webhooks of {gateway} arrive in their usual rhythm."),
    DoctorCode.WEBHOOK_SILENT: Meaning(
        Fault.SELLER,
        "No webhook of {gateway} has arrived for {hours} hours, far longer than usual.",
        "Open the webhooks in {gateway}'s panel and check that the address {url} is still there and switched on.",
    ),
    DoctorCode.WEBHOOK_NEVER: Meaning(
        Fault.SELLER,
        "No webhook of {gateway} has ever arrived, {hours} hours after the setup.",
        "Open the webhooks in {gateway}'s panel and add the address {url}; then make a test purchase.",
    ),
    DoctorCode.ON_HOLD: Meaning(
        Fault.SELLER,
        "Sales wait, because Meta refused the token of dataset {dataset_id}.",
        "Generate a new access token for dataset {dataset_id} and enter it; what waits is sent by itself.",
    ),
    DoctorCode.CONNECTION_OFF: Meaning(
        Fault.SELLER,
        "No sale is sent, because the connection to dataset {dataset_id} was switched off or removed.",
        "Ask for the plan again in the setup and approve it, or take the configuration out of use.",
    ),
    DoctorCode.WEBHOOK_OFF: Meaning(
        Fault.SELLER,
        "Webhooks of {gateway} are refused, because the address {url} was switched off or removed.",
        "Ask for the plan again in the setup and approve it, or take the configuration out of use.",
    ),
    DoctorCode.FAILED: Meaning(
        Fault.HUB,
        "This could not be examined, because of a fault of the hub.",
        "Look for doctor_broke in the hub's log; everything else was examined all the same.",
    ),
}
