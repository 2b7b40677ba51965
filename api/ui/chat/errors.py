"""What can be wrong with what somebody sends to the chat; each says what to do about it."""

from api import chatting
from tracking_core.errors import HubError


class MessageRefused(HubError):
    status = 422
    code = "message_refused"
    message = "This message could not be taken. Load the page again and send it once more."


class MessageEmpty(MessageRefused):
    code = "message_empty"
    message = chatting.EMPTY


class MessageTooLong(MessageRefused):
    code = "message_too_long"
    message = "This message is too long. Send it in two or more parts."


class AttachmentUnknown(MessageRefused):
    code = "attachment_unknown"
    message = chatting.NO_SCREENSHOT


class TooManyPictures(MessageRefused):
    code = "too_many_pictures"
    message = "At most {limit} pictures go with one message. Send the others with the next one."
