import re
import string
from collections.abc import Iterator
from functools import cache

import pytest

from agent.prompts.files import ROOT, load, split
from agent.prompts.playbooks import FOLDER, LOCALES, Playbook, codes, playbook_of
from evals.agent.language import is_in
from evals.agent.scenario import Locale
from tracking_core.chat.codes import ChatCode
from tracking_core.destinations.meta_capi.check_codes import MetaCode
from tracking_core.gateways.check_codes import GatewayCode
from tracking_core.gateways.hotmart.api import PANEL
from tracking_core.setup.meanings import all_meanings
from tracking_core.setup.outcome import Fault

# Sentences of the chat itself: no check comes to them.
OF_THE_CHAT = frozenset(map(str, ChatCode))
# Nobody's fault, and yet shown as a warning that a seller may ask about.
WARNINGS = frozenset({MetaCode.DATASET_UNREADABLE.value})
REQUIRED = sorted(
    {code for code, meaning in all_meanings().items() if meaning.fault is not Fault.NOBODY} - OF_THE_CHAT | WARNINGS
)
WRITTEN = sorted(codes())
EACH = pytest.mark.parametrize(("code", "locale"), [(code, locale) for code in WRITTEN for locale in LOCALES])

WORDS_MAX, TITLE_WORDS_MAX, STEPS = 110, 12, range(2, 7)
VENDOR_HOSTS = frozenset(
    {"hotmart.com", "kiwify.com.br", "facebook.com", "business.facebook.com", "developers.facebook.com", "meta.com"}
)
_HOST = re.compile(r"\b(?:[a-z0-9-]+\.)+(?:com|net|org|io|app|dev|co|br|me|ly)(?:\.br)?\b", re.IGNORECASE)
_MARKUP = re.compile(r"\]\(|!\[|<|\*\*|\|")
_GIVE = r"cole\w*|informe\w*|envie\w*|mande\w*|digite\w*|escreva\w*|paste|enter|send|type|write"
_SECRET = (
    r"tokens?|client secrets?|app secrets?|chaves?|basic|hottoks?|senhas?|passwords?|credencia(?:l|is)|credentials?"
)
_GIVING_A_SECRET = re.compile(rf"\b(?:{_GIVE})\b(?:(?!\bnão\b|\bnot\b).)*?\b(?:{_SECRET})\b", re.IGNORECASE)
_SAFELY = re.compile(r"campos? seguros?|safe fields?", re.IGNORECASE)
# What the seller is to say word for word is no secret.
_QUOTED = re.compile(r'"[^"]*"')
_SENTENCE = re.compile(r"(?<=[.!?])\s+")
_A_PERSON = re.compile(r"\b(?:pessoa|suporte|ajuda|person|support|help)\b", re.IGNORECASE)
_BLAME = re.compile(
    r"você (?:errou|esqueceu|deveria)|seu erro|sua culpa|your (?:mistake|error|own fault)|you (?:forgot|failed)",
    re.IGNORECASE,
)
_JARGON = re.compile(
    r"\b(?:CAPI|payload|endpoint|OAuth|JSON|HTTP \d|timeout|backend|request body|stack trace|dataset_id|access_token)\b"
)


def test_every_code_that_somebody_has_to_act_on_has_a_playbook() -> None:
    assert sorted(set(REQUIRED) - codes()) == []


def test_no_playbook_is_of_a_code_that_is_gone_or_of_a_success() -> None:
    known = {code for code in all_meanings() if not code.endswith("_ok")}
    assert sorted(codes() - known) == []


def test_nothing_but_playbooks_lies_in_the_folder() -> None:
    assert sorted(path.name for path in (ROOT / FOLDER).iterdir()) == [f"{code}.md" for code in WRITTEN]


@pytest.mark.parametrize("code", WRITTEN)
def test_the_front_matter_says_the_name_a_whole_version_and_exactly_the_inputs_used(code: str) -> None:
    said, _ = split((ROOT / FOLDER / f"{code}.md").read_text(), code)
    assert list(said) == ["id", "version", "inputs"]
    assert isinstance(said["version"], int)
    assert said["version"] >= 1
    load(f"{FOLDER}/{code}")  # raises for an id or inputs that differ


@pytest.mark.parametrize("code", WRITTEN)
def test_both_languages_use_the_same_placeholders_and_as_many_steps(code: str) -> None:
    _, text = split((ROOT / FOLDER / f"{code}.md").read_text(), code)
    portuguese, english = text.split("\n# en\n")
    assert _names_in(portuguese) == _names_in(english)
    assert len(_sheet(code, "pt_BR").steps) == len(_sheet(code, "en").steps)


@pytest.mark.parametrize("code", WRITTEN)
def test_its_placeholders_are_given_by_whatever_comes_to_the_code(code: str) -> None:
    assert set(load(f"{FOLDER}/{code}").inputs) <= _given(code)


@EACH
def test_it_is_short_and_has_whole_sentences(code: str, locale: str) -> None:
    sheet = _sheet(code, locale)
    assert len(" ".join(_parts(sheet)).split()) <= WORDS_MAX
    assert len(sheet.title.split()) <= TITLE_WORDS_MAX
    assert not sheet.title.endswith(".")
    assert len(sheet.steps) in STEPS
    # The steps are put one after another in a prompt.
    assert all(part.rstrip('"').endswith((".", "!", "?")) for part in (sheet.cause, *sheet.steps))
    assert "?" in sheet.question


@EACH
def test_it_is_in_its_language(code: str, locale: Locale) -> None:
    assert is_in(locale, " ".join(_parts(_sheet(code, locale))))


@EACH
def test_it_links_nowhere_and_names_no_host_but_the_vendors(code: str, locale: str) -> None:
    for part in _parts(_sheet(code, locale)):
        assert not _MARKUP.search(part), part
        assert {host.lower() for host in _HOST.findall(part)} <= VENDOR_HOSTS


@EACH
def test_a_secret_is_only_asked_for_in_the_safe_field(code: str, locale: str) -> None:
    assert [part for part in _parts(_sheet(code, locale)) if _asks_openly(part)] == []


@EACH
def test_a_person_is_never_the_first_or_the_only_step(code: str, locale: str) -> None:
    assert not _A_PERSON.search(_sheet(code, locale).steps[0])


@EACH
def test_it_blames_nobody_and_speaks_no_jargon(code: str, locale: str) -> None:
    text = " ".join(_parts(_sheet(code, locale)))
    assert not _BLAME.search(text)
    assert not _JARGON.search(text)


@pytest.mark.parametrize("code", ["gateway_wrong_credentials", "meta_token_expired"])
def test_it_is_filled_with_the_params_of_the_failure(code: str) -> None:
    given = {"gateway": "Hotmart", "where": "Ferramentas > Credenciais Developers", "dataset_id": "123456"}
    playbook = playbook_of(code, given, "pt_BR")
    assert playbook is not None
    assert not re.search(r"[{}…]", playbook.text())
    assert any(value in playbook.text() for value in ("Ferramentas > Credenciais Developers", "123456"))


@pytest.mark.parametrize(
    ("text", "is_open"),
    [
        ("Envie o token aqui no chat.", True),
        ("Cole o client secret e o Basic.", True),
        ("Send me the password. Then use the safe field.", True),
        ("Cole o token no campo seguro.", False),
        ("Paste the app secret into the safe field.", False),
        ("Envie aqui o ID. O token vai no campo seguro.", False),
        ("Gere um token novo.", False),
        ('Escreva "verifique as credenciais".', False),
    ],
)
def test_the_rule_about_secrets_tells_an_open_request_from_a_safe_one(text: str, is_open: bool) -> None:
    assert _asks_openly(text) is is_open


def _asks_openly(text: str) -> bool:
    """Whether a sentence asks for a secret without naming the safe field."""
    sentences = _SENTENCE.split(_QUOTED.sub('""', text))
    return any(_GIVING_A_SECRET.search(one) and not _SAFELY.search(one) for one in sentences)


def _parts(sheet: Playbook) -> tuple[str, ...]:
    return (sheet.title, sheet.cause, *sheet.steps, sheet.question)


@cache
def _sheet(code: str, locale: str) -> Playbook:
    """Its placeholders filled with one word each."""
    playbook = playbook_of(code, {name: name.upper() for name in load(f"{FOLDER}/{code}").inputs}, locale)
    assert playbook is not None
    return playbook


def _given(code: str) -> set[str]:
    """What the code's own sentences use, and what its domain always gives."""
    meaning = all_meanings()[code]
    return _names_in(meaning.message) | _names_in(meaning.recommendation) | set(_always(code))


def _always(code: str) -> Iterator[str]:
    if code.startswith("gateway_") and code != GatewayCode.NOT_SUPPORTED:
        yield from PANEL.params()
    if code.startswith("meta_") and code != MetaCode.DATASET_MALFORMED:
        yield "dataset_id"


def _names_in(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}
