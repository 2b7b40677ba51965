"""What applying or undoing a configuration can come to."""

from enum import StrEnum

from tracking_core.setup.outcome import Fault, Meaning


class ConfigCode(StrEnum):
    OK = "config_ok"
    FOLLOW_STEPS = "config_follow_steps"
    UNCHANGED = "config_unchanged"
    INCOMPLETE = "config_incomplete"
    STALE = "config_stale"
    CONFLICT = "config_conflict"
    BUSY = "config_busy"
    SECRET_UNAVAILABLE = "config_secret_unavailable"  # noqa: S105 - a code, not a secret
    STORE_UNAVAILABLE = "config_secret_store_unavailable"
    WEBHOOK_REFUSED = "config_webhook_refused"
    WEBHOOK_UNAVAILABLE = "config_webhook_registration_unavailable"
    WEBHOOK_UNCONFIRMED = "config_webhook_unconfirmed"
    UNDONE = "config_undone"
    UNDO_FAILED = "config_undo_failed"
    LEFT_OVER = "config_left_over"
    KEPT_DISABLED = "config_kept_disabled"
    KEPT_PROVED = "config_kept_proved"
    VERSION_GONE = "config_version_gone"


_LATER = "Nothing is wrong on your side. Try again in a few minutes."

MEANINGS: dict[ConfigCode, Meaning] = {
    ConfigCode.OK: Meaning(Fault.NOBODY, "This part of the configuration is in place."),
    ConfigCode.FOLLOW_STEPS: Meaning(
        Fault.NOBODY,
        "This gateway has no API for webhooks, so the last step is yours.",
        "Follow the steps shown to add the webhook in the gateway's panel.",
    ),
    ConfigCode.UNCHANGED: Meaning(
        Fault.NOBODY, "The configuration in use already is what you asked for; nothing was changed."
    ),
    ConfigCode.INCOMPLETE: Meaning(
        Fault.SELLER,
        "Something is still missing before the configuration can be planned.",
        "Finish the checks that are marked as missing and ask for the plan again.",
    ),
    ConfigCode.STALE: Meaning(
        Fault.NOBODY,
        "The configuration was changed after this plan was made, so the plan was not carried on.",
        "Ask for the plan again and approve the new one.",
    ),
    ConfigCode.CONFLICT: Meaning(
        Fault.NOBODY,
        "Somebody changed this after the setup did; undoing it now would throw that change away.",
        "Decide which of the two to keep, and set it by hand or ask for help.",
    ),
    ConfigCode.BUSY: Meaning(Fault.HUB, "The same step is being carried out at this very moment.", _LATER),
    ConfigCode.SECRET_UNAVAILABLE: Meaning(
        Fault.SELLER,
        "A credential that this step needs is no longer in the vault.",
        "Enter the credential again, have it checked and ask for the plan again.",
    ),
    ConfigCode.STORE_UNAVAILABLE: Meaning(
        Fault.HUB, "The vault did not answer, so this step could not use the credential.", _LATER
    ),
    ConfigCode.WEBHOOK_REFUSED: Meaning(
        Fault.SELLER,
        "The gateway refused to change the webhook in your account.",
        "Check in the gateway's panel that these credentials may manage webhooks, then try again.",
    ),
    ConfigCode.WEBHOOK_UNAVAILABLE: Meaning(
        Fault.PROVIDER, "The gateway did not answer when asked to change the webhook.", _LATER
    ),
    ConfigCode.WEBHOOK_UNCONFIRMED: Meaning(
        Fault.PROVIDER,
        "The gateway's answer was lost, so we cannot tell yet whether the webhook was changed.",
        "Try again in a few minutes: the hub first looks at what is there and never does it twice.",
    ),
    ConfigCode.UNDONE: Meaning(Fault.NOBODY, "This part was put back as it was."),
    ConfigCode.UNDO_FAILED: Meaning(
        Fault.HUB,
        "This part could not be put back as it was.",
        "Follow the steps in the list of what is left, or ask for help.",
    ),
    ConfigCode.LEFT_OVER: Meaning(
        Fault.NOBODY,
        "The hub undid its part; what you did by hand in the gateway's panel only you can undo.",
        "Follow the steps in the list of what is left.",
    ),
    ConfigCode.KEPT_DISABLED: Meaning(
        Fault.NOBODY, "This part was switched off and not deleted, because sales already refer to it."
    ),
    ConfigCode.KEPT_PROVED: Meaning(Fault.NOBODY, "The new webhook token stays: the gateway signs with it already."),
    ConfigCode.VERSION_GONE: Meaning(
        Fault.NOBODY,
        "There is no such version of the configuration, and nothing was changed.",
        "Choose one of the versions in the list.",
    ),
}
