"""What is wrong with a field, in our own words: one msgid for each kind of pydantic error, or for its family.

The family is the first word of the kind: ``int_parsing``, ``int_type`` and ``int_from_float`` share ``int``.
Values that were sent are never repeated.
"""

from collections.abc import Mapping
from typing import Any

from api.credentials import NO_REFERENCE
from tools.inputs import ACCOUNT_CREDENTIAL, DATASET_DIGITS, URL_CREDENTIALS, URL_MALFORMED
from tracking_core.handoff.contact import EMAIL, NO_WAY, PHONE
from tracking_core.i18n import translate

FALLBACK = "This value is not accepted."
MESSAGES = {
    "missing": "This field is required.",
    "extra_forbidden": "This field is not known.",
    "string": "This must be a text.",
    "string_too_short": "This text is too short: it needs at least {min_length} characters.",
    "string_too_long": "This text is too long: it may have at most {max_length} characters.",
    "string_pattern_mismatch": "This text does not have the expected form.",
    "url": "This must be an address that begins with http:// or https://.",
    "url_malformed": URL_MALFORMED,
    "url_credentials": URL_CREDENTIALS,
    "dataset_id_digits": DATASET_DIGITS,
    "account_id_credential": ACCOUNT_CREDENTIAL,
    "secret_reference": NO_REFERENCE,
    "email_invalid": EMAIL,
    "phone_invalid": PHONE,
    "contact_unreachable": NO_WAY,
    "json": "This is not valid JSON.",
    "bool": "This must be true or false.",
    "int": "This must be a whole number.",
    "float": "This must be a number.",
    "decimal": "This must be a number.",
    "decimal_max_places": "This may have at most {decimal_places} decimal places.",
    "finite_number": "This must be a number.",
    "greater_than": "This must be more than {gt}.",
    "greater_than_equal": "This must be {ge} or more.",
    "less_than": "This must be less than {lt}.",
    "less_than_equal": "This must be {le} or less.",
    "enum": "This must be one of: {expected}.",
    "literal_error": "This must be one of: {expected}.",
    "uuid": "This must be a UUID.",
    "date": "This must be a date, such as 2026-01-31.",
    "datetime": "This must be a date and time, such as 2026-01-31T12:00:00Z.",
    "timezone": "This date and time needs a time zone, such as the Z in 2026-01-31T12:00:00Z.",
    "dict": "This must be a JSON object.",
    "model": "This must be a JSON object.",
    "model_attributes_type": "Send a JSON object, with the header Content-Type: application/json.",
    "list": "This must be a list.",
    "too_short": "This list is too short: it needs at least {min_length} items.",
    "too_long": "This list is too long: it may have at most {max_length} items.",
}
_PARAMETERS = ("min_length", "max_length", "gt", "ge", "lt", "le", "decimal_places", "expected")


def field_error(item: Mapping[str, Any]) -> dict[str, str]:
    """``{field, code, message}`` of one pydantic error; ``message`` is a msgid, and what fills it stands beside it."""
    kind, context = str(item["type"]), item.get("ctx", {})
    message = MESSAGES.get(kind) or MESSAGES.get(kind.partition("_")[0], FALLBACK)
    filling = {name: str(context[name]) for name in _PARAMETERS if f"{{{name}}}" in message and name in context}
    return {"field": ".".join(map(str, item["loc"])), "code": kind, "message": message, **filling}


def localised(error: Mapping[str, str], locale: str) -> dict[str, str]:
    """The error as it leaves: ``{field, code, message}`` with the message in the language."""
    message = translate(error["message"], locale)
    filling = {name: error[name].replace(" or ", ", ") for name in _PARAMETERS if name in error}
    told = message.format(**filling) if filling else message
    return {"field": error["field"], "code": error["code"], "message": told}
