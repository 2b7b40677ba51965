"""Why a staff key is not made or not taken."""

from tracking_core.errors import Conflict, Unauthorized


class StaffKeyUnknown(Unauthorized):
    message = "The staff key is missing, not known or revoked."


class StaffNameTaken(Conflict):
    """A name owns cases: two people with one would be one to each other."""

    code = "staff_name_taken"
    message = "There is a key with this name already. Revoke it first, or choose another name."
