"""What a person is made of, checked."""

import re

from tracking_core.users.errors import EmailMalformed, NameMalformed

_EMAIL_MAX, _NAME_MAX = 254, 80
# What SMTP takes without extensions, and no quoted local parts: nobody types one.
_EMAIL = re.compile(
    r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
    r"@(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
)


def email_of(said: str) -> str:
    """In lower case. Raises EmailMalformed."""
    email = said.strip().lower()
    local, _, _ = email.partition("@")
    if len(email) > _EMAIL_MAX or len(local) > 64 or not _EMAIL.fullmatch(email):
        raise EmailMalformed
    return email


def name_of(said: str) -> str:
    """Raises NameMalformed."""
    name = " ".join(said.split())
    if not 1 <= len(name) <= _NAME_MAX or not name.isprintable():
        raise NameMalformed
    return name
