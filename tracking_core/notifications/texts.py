"""Sentences of the notifications, for the desk. English msgids; the desk reads Portuguese."""

from tracking_core.models import HandoffState
from tracking_core.notifications.kinds import Kind

HEADLINES: dict[Kind, str] = {
    Kind.CREATED: "A setup needs a person.",
    Kind.UPDATED: "There is news of this case.",
    Kind.SELLER_SAID: "The seller wrote.",
    Kind.REPLY_REFUSED: "Your last reply did not reach the seller: this case is closed in the hub.",
}
BREACHED = "Nobody has answered this case in time: it was due by {due} (Brasília time)."
CLOSED: dict[str, str] = {
    HandoffState.RESOLVED: "This case is resolved.",
    HandoffState.RETURNED: "This case was given back to the agent.",
}
CLOSED_OTHERWISE = "This case is closed."
CHANNEL_FAILING = (
    "The channel {channel} does not take the messages of this case ({error})."
    " The hub goes on trying; look at its settings."
)
CHANNEL_DEAD = (
    "A message of this case was given up: the channel {channel} did not take it ({error}). Look at its settings."
)
LATE = "Late"
SUMMARY = "Summary"
STAGES = "What works"
ATTEMPTS = "What was tried"
LAST_SAID = "What the seller wrote last"
CHECKLIST = "To be undone by hand"
ANSWERED = "Known already: do not ask again"
NEXT_STEP = "Next step"
CONTACT = "How to reach the seller"
LINK = "The setup"
GIVE_BACK = "Afterwards"
DUE = "Priority {priority}; a person is to answer by {due} (Brasília time)."
CASE = "Case {handoff}, setup {session}."

SENTENCES = (
    *HEADLINES.values(),
    BREACHED,
    *CLOSED.values(),
    CLOSED_OTHERWISE,
    CHANNEL_FAILING,
    CHANNEL_DEAD,
    LATE,
    SUMMARY,
    STAGES,
    ATTEMPTS,
    LAST_SAID,
    CHECKLIST,
    ANSWERED,
    NEXT_STEP,
    CONTACT,
    LINK,
    GIVE_BACK,
    DUE,
    CASE,
)
