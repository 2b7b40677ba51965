"""The faults a page can have, each also a path of its own."""

from enum import StrEnum


class Fault(StrEnum):
    # The page is there, and something on it is wrong.
    WITHOUT_SCRIPT = "without-script"
    WRONG_KEY = "wrong-key"
    OTHER_HUB = "other-hub"
    DELAYED_SCRIPT = "delayed-script"
    OTHER_PIXEL = "other-pixel"
    WITHOUT_PIXEL = "without-pixel"
    WITHOUT_CHECKOUT = "without-checkout"
    UNKNOWN_CHECKOUT = "unknown-checkout"
    CHECKOUT_BY_CODE = "checkout-by-code"
    PROMPT_INJECTION = "prompt-injection"
    # The page is not there.
    NOT_FOUND = "not-found"
    FORBIDDEN = "forbidden"
    SERVER_ERROR = "server-error"
    NOT_HTML = "not-html"
    # It is somewhere else, or nowhere.
    TRAILING_SLASH = "trailing-slash"
    REDIRECTS = "redirects"
    TOO_MANY_REDIRECTS = "too-many-redirects"
    LOOP = "loop"
    OTHER_HOST = "other-host"
    DOWNGRADE = "downgrade"
    LOGIN = "to-login"
    BROKEN_REDIRECT = "broken-redirect"
    TO_LOOPBACK = "to-loopback"
    TO_METADATA = "to-metadata"
    # It never ends.
    SLOW = "slow"
    DRIP = "drip"
    HUGE = "huge"
    BOMB = "bomb"
