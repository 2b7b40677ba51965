"""What somebody who handles alerts can meet."""

from tracking_core.errors import Conflict


class SilencesFull(Conflict):
    code = "alert_silences_full"
    message = "No more than {most} silences that last or are to come. End one first."
