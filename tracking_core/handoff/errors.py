"""What can be in the way of somebody who works on a case."""

from tracking_core.errors import Conflict


class HandoffTaken(Conflict):
    """``owner`` is the colleague who has it."""

    code = "handoff_owned"
    message = "{owner} is already working on this case."


class HandoffClosed(Conflict):
    code = "handoff_closed"
    message = "This case is closed. If the seller needs a person again, a new one is opened."
