"""Labels of campaigns (UTMs, ``sck``...) without the people some shops put into them."""

import re

from tracking_core.logging import MASK

_EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]+(?:@|%40)[\w-]+(?:\.[\w-]+)+", re.IGNORECASE)
_PHONE_OR_CPF = re.compile(r"\+[1-9](?:[ +().-]{0,2}[0-9]){8,14}(?![0-9])|[0-9]{3}(?:\.[0-9]{3}){2}-[0-9]{2}")


def without_contact(label: str) -> str:
    """The label with e-mails, international phone numbers and CPFs masked."""
    return _PHONE_OR_CPF.sub(MASK, _EMAIL.sub(MASK, label))
