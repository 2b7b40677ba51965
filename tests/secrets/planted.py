"""The values planted in the run, and every form in which one of them would still be in clear."""

import base64
from dataclasses import dataclass
from urllib.parse import quote, quote_plus

import orjson

TOKEN = "EAA" + "GplantedTokenOfTheShopZx93kQ7Lm" * 5
NEW_TOKEN = "EAA" + "HplantedSecondTokenWw61uPd2Bv" * 5
APP_SECRET = "5ec7e7a99b1d4c0e8f2a6b3d7c9e1f05"
HOTTOK = "hTkPlantedOfHotmart88q42zzqYt3"
KIWIFY_TOKEN = "kwfPlantedToken77xqR"

EMAIL = "zuleide.quebracoco@planted-mail.example"
PHONE = "+5511971236548"
CPF = "390.533.447-05"
FIRST_NAME, LAST_NAME = "Zuleidonha", "Quebracoco Xaximbeira"
NAME = f"{FIRST_NAME} {LAST_NAME}"
STREET = "Travessa da Jabuticabeira Encantada"
CITY, ZIP_CODE = "Quixeramobinha", "63842-197"
IP = "203.0.113.77"  # kept in tables on purpose, to match by; no business of a log

# In the addresses of pages and checkouts, where sellers put them to fill in forms.
LINK_EMAIL = "leitora.fiel@planted-link.example"
LINK_PHONE = "+5521984427163"
LINK_NAME = "Leitorinha"

# Harmless, and sent the same ways: the search must find it, or it would find nothing else either.
CONTROL = "HPCONTROL4711PLANTED"


@dataclass(frozen=True, slots=True)
class Planted:
    """A value by name, with the parts of it that give it away."""

    name: str
    parts: tuple[str, ...]

    def forms(self) -> set[bytes]:
        return {form for part in self.parts for form in _forms(part)}


def planted(secret_key: str) -> list[Planted]:
    """``secret_key`` is the tenant's, made in the run."""
    return [
        Planted("Meta token", (TOKEN, NEW_TOKEN, TOKEN[:40], NEW_TOKEN[:40])),
        Planted("app secret", (APP_SECRET,)),
        Planted("hottok", (HOTTOK,)),
        Planted("Kiwify token", (KIWIFY_TOKEN,)),
        Planted("tenant secret key", (secret_key,)),
        Planted("e-mail", (EMAIL, EMAIL.partition("@")[0])),
        Planted("phone", (PHONE, "11971236548", "(11) 97123-6548", "971236548")),
        Planted("CPF", (CPF, "39053344705")),
        Planted("name", (NAME, FIRST_NAME, "Quebracoco", "Xaximbeira")),
        Planted("street", (STREET, "Jabuticabeira")),
        Planted("city and postal code", (CITY, ZIP_CODE, "63842197")),
        Planted("e-mail in a link", (LINK_EMAIL, "leitora.fiel")),
        Planted("phone in a link", (LINK_PHONE, "21984427163")),
        Planted("name in a link", (LINK_NAME,)),
    ]


def _forms(value: str) -> set[bytes]:
    """As it is, in lower case, quoted for a URL or JSON, in hex, and in base64 at each of its three alignments."""
    raw = value.encode()
    texts = {value, value.lower(), quote(value, safe=""), quote_plus(value), value.replace("@", "\\u0040")}
    forms = {text.encode() for text in texts} | {orjson.dumps(value)[1:-1], raw.hex().encode()}
    for shift in range(3):
        encoded = base64.b64encode(b"\0" * shift + raw)
        forms.add(encoded[4 if shift else 0 : len(encoded) // 4 * 4 - 4])
    return {form for form in forms if len(form) >= 8}
