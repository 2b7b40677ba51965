"""What only shows on a live tenant; the rest of the doctor's codes are those of the checks it runs again."""

from enum import StrEnum

from tracking_core.setup.outcome import Fault, Meaning


class DoctorCode(StrEnum):
    WEBHOOK_ALIVE = "doctor_webhook_alive"
    WEBHOOK_SILENT = "doctor_webhook_silent"
    WEBHOOK_NEVER = "doctor_webhook_never"
    ON_HOLD = "doctor_connection_on_hold"


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
}
