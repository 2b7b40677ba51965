"""Why a message did not get through, in a sentence that says what to do; by the code a failure has."""

from collections.abc import Mapping
from types import MappingProxyType

NO_MAIL_SERVER = "This hub has no mail server. Whoever runs it sets one with HUB_SMTP_HOST."
REFUSED = "Messages cannot be sent to this address: it does not lead to a public server. Enter another one."
CERTIFICATE = "The certificate of the receiver is not valid. Whoever runs it has to renew it."
TIMED_OUT = "The receiver did not answer in time."
UNREACHABLE = "The receiver cannot be reached. Check the address."
GONE = "The receiver says that this address no longer exists. Make a new one there and add it here."
NOT_LET_IN = "The receiver does not let the message in. Check the address and what it allows."
TOO_MANY = "The receiver asks for fewer messages."
THEIR_FAULT = "The receiver has a fault of its own."
MOVED = "The receiver sends on to another address. Enter the final one."
NOT_TAKEN = "The receiver does not understand the message. Check that the kind of channel is the right one."
NO_SUCH_MAILBOX = "The mail server does not take mail for this address. Check how it is written."
MAIL_REFUSED = "The mail server refused the message. Whoever runs this hub has to look at its settings."
NOT_OPENED = "The stored address cannot be read any more. Remove this channel and add it again."
OTHERWISE = "The message did not get through."

SENTENCES: Mapping[str, str] = MappingProxyType(
    {
        "no_mail_server": NO_MAIL_SERVER,
        "address_malformed": MAIL_REFUSED,
        "address_refused": REFUSED,
        "certificate_refused": CERTIFICATE,
        "timed_out": TIMED_OUT,
        "unreachable": UNREACHABLE,
        "connection_lost": UNREACHABLE,
        "not_supported": MAIL_REFUSED,
        "not_opened": NOT_OPENED,
        "http_400": NOT_TAKEN,
        "http_401": NOT_LET_IN,
        "http_403": NOT_LET_IN,
        "http_404": GONE,
        "http_408": TIMED_OUT,
        "http_410": GONE,
        "http_429": TOO_MANY,
    }
)
_BEGINNINGS = (
    ("http_3", MOVED),
    ("http_4", NOT_TAKEN),
    ("http_5", THEIR_FAULT),
    ("recipient_5", NO_SUCH_MAILBOX),
    ("recipient_4", TOO_MANY),
    ("auth_", MAIL_REFUSED),
    ("sender_", MAIL_REFUSED),
    ("smtp_", MAIL_REFUSED),
)
ALL = tuple(dict.fromkeys((*SENTENCES.values(), *(said for _, said in _BEGINNINGS), OTHERWISE)))


def explain(code: str) -> str:
    """A msgid."""
    if code in SENTENCES:
        return SENTENCES[code]
    return next((said for beginning, said in _BEGINNINGS if code.startswith(beginning)), OTHERWISE)
