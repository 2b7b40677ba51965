"""Why nothing is sent to somebody."""

from tracking_core.errors import Conflict


class ShutOut(Conflict):
    """A link would open nothing."""

    code = "user_shut_out"
    message = "This person is shut out. Let them in again first."
