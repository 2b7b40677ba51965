"""What can be in the way of somebody at the desk, besides what the cases themselves refuse."""

from tracking_core.errors import Conflict


class CaseMoved(Conflict):
    """Somebody else did or said something since the page was loaded."""

    code = "handoff_moved"
    message = "Something happened in this case since you loaded it. Nothing was done: read what is new and send again."


class CaseNotYours(Conflict):
    """Nobody has it: what touches the seller's setup is for the person who does."""

    code = "handoff_not_taken"
    message = "Nobody has this case yet. Take it first, then do this."
