"""Addresses of pages as they may be kept and passed on: without what they say about a person.

Sellers fill in checkout forms through the link (``?email=...&phonenumber=...``). Meta forbids such values in an
event's URLs, and the hub keeps people only as hashes.
"""

import re
from urllib.parse import unquote, urlsplit, urlunsplit

from tracking_core.logging import MASK

_EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]+(?:@|%40)[\w-]+(?:\.[\w-]+)+", re.IGNORECASE)
_PHONE_OR_CPF = re.compile(r"\+[1-9](?:[ +().-]{0,2}[0-9]){8,14}(?![0-9])|[0-9]{3}(?:\.[0-9]{3}){2}-[0-9]{2}")
_OF_A_PERSON = re.compile(
    r"(?:.*(?:customer|buyer|client|cliente|comprador|lead|user|contact|contato)[^a-z]*)?"
    r"(?:e?[-_]?mail|(?:phone|tel|telefone|celular|mobile|whatsapp|fone)[-_]?(?:number|ac|local|ddd|code)?|ddd"
    r"|cpf|cnpj|cpf[-_]?cnpj|doc|document|documento|(?:first|last|full)?[-_]?name|nome|sobrenome|nome[-_]?completo"
    r"|zip|zip[-_]?code|cep|address|endereco|street|rua|birth[-_]?date|nascimento)\]?"
)


def without_person(url: str) -> str:
    """The address without the query and fragment parameters about a person; an e-mail elsewhere becomes ``***``."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return _EMAIL.sub(MASK, url)
    query, fragment = _kept(parts.query), _kept(parts.fragment)
    if (query, fragment) != (parts.query, parts.fragment):
        url = urlunsplit(parts._replace(query=query, fragment=fragment))
    return _EMAIL.sub(MASK, url)


def without_contact(label: str) -> str:
    """A label (UTM, ``sck``...) with e-mails, international phone numbers and CPFs masked."""
    return _PHONE_OR_CPF.sub(MASK, _EMAIL.sub(MASK, label))


def _kept(query: str) -> str:
    return "&".join(pair for pair in query.split("&") if not _is_personal(pair))


def _is_personal(pair: str) -> bool:
    # A single-page shop has its query in the fragment, behind a path of its own.
    name, _, value = unquote(pair).rpartition("?")[2].partition("=")
    is_named = _OF_A_PERSON.fullmatch(name.lower()) is not None
    return is_named or bool(_EMAIL.search(value) or _PHONE_OR_CPF.fullmatch(value.strip()))
