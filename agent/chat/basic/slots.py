"""The values in a seller's own words: only what stands there, as it stands there.

Every pattern reads a character a bounded number of times, whatever the text: what it repeats is bounded, or kept once
it was read (possessive quantifiers)."""

import re
from dataclasses import dataclass
from typing import Literal

from agent.chat.basic.bounds import VALUES_MAX, ends
from agent.chat.basic.folding import folded
from tracking_core.safety.patterns import REFERENCE

Gateway = Literal["hotmart", "kiwify"]
Consent = Literal["opt_in", "opt_out"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Slots:
    """``other_gateway``: a platform that the hub does not know."""

    gateway: Gateway | None = None
    other_gateway: str | None = None
    account_id: str | None = None
    dataset_id: str | None = None
    url: str | None = None
    consent: Consent | None = None
    test_event_code: str | None = None


_GATEWAYS: dict[Gateway, re.Pattern[str]] = {
    "hotmart": re.compile(r"\b(?:hot ?mart?e?s?|hotmar[td]|hotmat|homart|hotamrt|hormart)\b"),
    "kiwify": re.compile(r"\b(?:kiwif[yi]|kiwi ?fy|kiwfy|kiwiffy|quiwi ?f[yi]|kiwyf[yi]|kiwi)\b"),
}
_OTHERS = re.compile(
    r"\b(eduzz|monetizze|braip|kirvano|perfect ?pay|hubla|ticto|lastlink|cakto|yampi|appmax|pepper|greenn|guru|payt"
    r"|cartpanda|shopify|stripe|clickbank)\b"
)
_URL = re.compile(r"https?://[^\s<>\"'|]++", re.IGNORECASE)
_TOP_LEVELS = (
    "com br net org io app site online store shop club dev page info pt digital tech life live blog art co me fun pro"
    " example test"
)
_BARE = re.compile(
    rf"(?<![\w@.:/-])(?:www\.[\w-]{{1,63}}(?:\.[\w-]{{1,63}}){{0,8}}"
    rf"|(?:[a-z0-9](?:[a-z0-9-]{{0,61}}[a-z0-9])?\.){{1,8}}(?:{'|'.join(_TOP_LEVELS.split())}))"
    r"(?![\w@-])(?:/[^\s<>\"'|]*+)?",
    re.IGNORECASE,
)
_TRAILING = ".,;:!?)]}*"
# Named in passing, and no page of the seller's; a path makes one of it.
_VENDORS = re.compile(
    r"(?:https?://)?(?:[\w-]{1,63}\.){0,8}(?:hotmart\.com|kiwify\.com(?:\.br)?|(?:facebook|fb|meta|instagram|google)\.com)/?",
    re.IGNORECASE,
)
_PANELS = re.compile(
    r"(?:https?://)?(?:business|developers|adsmanager|www)\.facebook\.com|(?:https?://)?(?:app|developers|consumer)\."
    r"hotmart\.com|(?:https?://)?dashboard\.kiwify\.com",
    re.IGNORECASE,
)
_DATASET = re.compile(r"(?<![\w.-])\d{15,16}(?![\w-])")
_LABELLED_DATASET = re.compile(
    r"(?:pixel|data ?set|datset|conjunto de dados)"
    r"(?:[:=\s]{1,16}+(?:(?:id|da|do|meta|e|eh|is|o|novo|certo|correto|numero|number)\b)?+){0,8}+"
    r"(?<![\w.-])(\d{10,20})(?![\w-])"
)
_ACCOUNT = re.compile(
    r"(?:\baccount[\s_-]{0,8}id|\bid[\s_]{1,8}(?:(?:da|de|do)[\s_]{1,8})?(?:minha\s{1,8})?conta|\bconta[\s_]{1,8}id|\baccount)\b"
    r"(?:[\s:=\"'`*]|\b(?:e|é|eh|is|da|na|do|kiwify|certo|correto|right|correct|one|novo|this|esse|este|aqui|o|the|my|meu"
    r"|minha|id|que|peguei|agora|now)\b){0,40}([a-z0-9][\w-]{5,63})",
    re.IGNORECASE,
)
# After a label with its sign, words joined by a hyphen are a name as well.
_SIGNED_ACCOUNT = re.compile(
    r"\baccount[\s_-]{0,8}id[\"'`*]{0,3}\s{0,8}[:=]\s{0,8}[\"'`*]{0,3}"
    r"([a-z0-9]{2,32}(?:[_-][a-z0-9]{1,32}){1,4})",
    re.IGNORECASE,
)
_IDENTIFIER = re.compile(r"(?=.{0,64}(?:\d|[a-z][A-Z]|[A-Z]{2}))")
_TEST_CODE = re.compile(r"\bTEST\d{3,12}\b")
_OPT_IN = re.compile(
    r"\bopt[ -]?in\b|\b(?:so|somente|apenas|only)\b[^.]{0,30}"
    r"\b(?:aceit\w|consent\w|permit\w|autoriz\w|agree|accept)"
)
_OPT_OUT = re.compile(
    r"\bopt[ -]?out\b|\b(?:todos|todo mundo|everyone|everybody|all)\b[^.]{0,30}"
    r"\b(?:menos|exceto|recus\w|unless|except|refuse)"
)


def slots_of(text: str) -> Slots:
    """What is given twice counts as it was given last; two gateways in one message are none."""
    text = ends(text, VALUES_MAX)
    plain = folded(text)
    url, without_pages = _url(text)
    other = _OTHERS.search(plain)
    account_id = _account(without_pages)
    return Slots(
        gateway=_gateway(plain),
        other_gateway=other[1] if other else None,
        account_id=account_id,
        dataset_id=_dataset(without_pages, account_id),
        url=url,
        consent=_consent(plain),
        test_event_code=_last(_TEST_CODE, text),
    )


def _gateway(plain: str) -> Gateway | None:
    # An address of a vendor is no word of the seller's about where they sell.
    named = [name for name, pattern in _GATEWAYS.items() if pattern.search(_URL.sub(" ", plain))]
    return named[0] if len(named) == 1 else None


def _url(text: str) -> tuple[str | None, str]:
    """The seller's page, and the text without it: its numbers are no dataset."""
    found: list[str] = []

    def taken(match: re.Match[str]) -> str:
        page = _page(match[0])
        if page is None:
            return match[0]
        found.append(page)
        return " "

    without_whole = _URL.sub(taken, text)
    whole = found[-1:]
    rest = _BARE.sub(taken, without_whole)
    return next(iter(whole or found[-1:]), None), rest


def _page(written: str) -> str | None:
    address = written.rstrip(_TRAILING)
    if REFERENCE.search(address) or "secret:" in address:
        address = address.partition("?")[0]
    if _VENDORS.fullmatch(address) or _PANELS.match(address) or "secret:" in address:
        return None
    return address


def _dataset(text: str, account_id: str | None) -> str | None:
    labelled = _last(_LABELLED_DATASET, folded(text))
    return labelled or next((one for one in reversed(_DATASET.findall(text)) if one != account_id), None)


def _account(text: str) -> str | None:
    kept = REFERENCE.sub(" ", text)
    if signed := [one for one in _SIGNED_ACCOUNT.findall(kept) if not one.startswith("secret")]:
        return str(signed[-1])
    found = [one[1] for one in _ACCOUNT.finditer(kept) if _IDENTIFIER.match(one[1]) and not one[1].startswith("secret")]
    return found[-1] if found else None


def _consent(plain: str) -> Consent | None:
    if _OPT_IN.search(plain):
        return "opt_in"
    return "opt_out" if _OPT_OUT.search(plain) else None


def _last(pattern: re.Pattern[str], text: str) -> str | None:
    found = pattern.findall(text)
    return found[-1] if found else None
