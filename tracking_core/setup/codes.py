"""Codes of the setup itself, beside those of its domains."""

from enum import StrEnum

from tracking_core.setup.outcome import Fault, Meaning


class SetupCode(StrEnum):
    CHECK_FAILED = "setup_check_failed"
    REJECTED = "setup_plan_rejected"
    EXPIRED = "setup_plan_expired"
    SUPERSEDED = "setup_plan_superseded"
    NOTHING_TO_PROVE = "setup_nothing_to_prove"
    NOTHING_TO_UNDO = "setup_nothing_to_undo"
    UNDONE = "setup_undone"
    LAST_UNDONE = "setup_last_undone"
    VERSION_ACTIVE = "setup_version_active"
    PROVED = "setup_proved"
    CHANGED = "setup_changed"
    APPROVAL_GONE = "setup_approval_gone"
    UNKNOWN_INTENT = "setup_unknown_intent"
    OUTDATED = "setup_outdated"
    LEFT_OVER = "setup_left_over"


_LATER = "Nothing is wrong on your side. Try again in a few minutes."

MEANINGS: dict[SetupCode, Meaning] = {
    SetupCode.CHECK_FAILED: Meaning(
        Fault.HUB,
        "The check broke on our side before it came to a result.",
        "Nothing is wrong on your side. Try again; if it happens again, ask for help.",
    ),
    SetupCode.REJECTED: Meaning(
        Fault.NOBODY,
        "You refused the plan, and nothing was changed.",
        "Change what you want to be different and ask for the plan again.",
    ),
    SetupCode.EXPIRED: Meaning(
        Fault.NOBODY,
        "Nobody decided on the plan in time, and nothing was changed.",
        "Ask for the plan again when you are ready to decide.",
    ),
    SetupCode.SUPERSEDED: Meaning(
        Fault.NOBODY, "The plan was replaced, because something it was made from changed.", "Read the new plan."
    ),
    SetupCode.NOTHING_TO_PROVE: Meaning(
        Fault.SELLER,
        "There is no active configuration yet, so there is nothing to prove.",
        "Ask for the plan and approve it first.",
    ),
    SetupCode.NOTHING_TO_UNDO: Meaning(
        Fault.SELLER, "This setup has changed nothing that could be undone.", "There is nothing to do."
    ),
    SetupCode.UNDONE: Meaning(
        Fault.NOBODY,
        "Everything this setup had changed was put back as it was.",
        "Mend what failed and ask for the plan again.",
    ),
    SetupCode.LAST_UNDONE: Meaning(
        Fault.NOBODY,
        "Only the last change was taken back. This still stands, and sales may still be sent: {standing}.",
        "To take the rest back too, ask to undo everything. To have the change again, ask for the plan.",
    ),
    SetupCode.VERSION_ACTIVE: Meaning(
        Fault.NOBODY,
        "Version {version} of the configuration is in use again.",
        "Send the test sale once more to see that it works.",
    ),
    SetupCode.PROVED: Meaning(
        Fault.NOBODY, "The test sale went through every step: your sales will reach Meta the same way."
    ),
    SetupCode.CHANGED: Meaning(
        Fault.SELLER,
        "Something was checked or chosen after the configuration was applied, and it is not in use yet.",
        "Ask for the plan again and approve it.",
    ),
    SetupCode.APPROVAL_GONE: Meaning(
        Fault.NOBODY,
        "The plan you decided on had given way to something else before, and nothing was changed.",
        "Read the plan that waits now, or ask for it again.",
    ),
    SetupCode.UNKNOWN_INTENT: Meaning(
        Fault.HUB, "This part of the hub is being updated and does not know this request yet.", _LATER
    ),
    SetupCode.OUTDATED: Meaning(
        Fault.HUB,
        "This setup was begun with an older version of the hub and cannot go on.",
        "Begin a new setup; what is in use stays as it is.",
    ),
    SetupCode.LEFT_OVER: Meaning(
        Fault.HUB,
        "Not everything could be put back as it was.",
        "Follow the list of what is left, or ask for help.",
    ),
}
