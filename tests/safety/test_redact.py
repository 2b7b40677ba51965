"""Nothing of a credential is left in what goes on: also hidden ones, also in the longest text."""

import string
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.safety.samples import BASIC, HEX64, HOTTOK, HUB_KEY, JWT, META, UUID_A, UUID_B
from tracking_core.logging import mask_text
from tracking_core.safety.patterns import MASK, MAX_CHARS
from tracking_core.safety.scanner import mask, mask_certain, redact, scan

INVISIBLE = [
    "\u200b",
    "\u200d",
    "\u2060",
    "\ufeff",
    "\u00ad",
    "\u202e",
    "\u2066",
    "\u034f",
    "\ufe0f",
    "\U000e0041",
    "\0",
]
# Surroundings end where a word does: what stands before a credential is no letter, digit or label of their own.
AROUND = st.text(st.sampled_from(" \n\t.,;()[]éçãõ“”…🙂本" + "".join(INVISIBLE)), max_size=30)
SIGNED = [META, JWT, HUB_KEY, f"client_id: {UUID_A}", f"hottok={HOTTOK}", f"Basic {BASIC}"]
SAID = [f"chave secreta é {UUID_B}", f"o client secret da hotmart is {UUID_A}"]


def _secret(planted: str) -> str:
    return planted.split(" ")[-1].split("=")[-1]


def _visible(text: str) -> str:
    return "".join(char for char in text if char not in INVISIBLE)


@st.composite
def hidden(draw: st.DrawFn, among: list[str]) -> tuple[str, str]:
    """A text with a credential that invisible characters cut up, and the credential."""
    planted = draw(st.sampled_from(among))
    for place in sorted(draw(st.sets(st.integers(1, len(planted) - 1), max_size=12)), reverse=True):
        planted = planted[:place] + draw(st.sampled_from(INVISIBLE)) + planted[place:]
    return f"{draw(AROUND)} {planted} {draw(AROUND)}", _secret(_visible(planted))


def _runs_left(secret: str, text: str) -> list[str]:
    left = _visible(text)
    return [secret[at : at + 12] for at in range(len(secret) - 11) if secret[at : at + 12] in left]


@given(hidden([*SIGNED, *SAID]))
def test_a_planted_credential_is_found_whatever_hides_it_and_nothing_of_it_is_left(case: tuple[str, str]) -> None:
    text, secret = case
    assert secret in [one.value for one in scan(text)]
    assert _runs_left(secret, redact(text, lambda one: f"secret:{one.kind}")) == []


@given(hidden(SIGNED))
def test_a_log_masks_it_too(case: tuple[str, str]) -> None:
    text, secret = case
    assert _runs_left(secret, mask_text(text)) == []


@given(st.text(max_size=300))
def test_offsets_are_those_of_the_text_in_order_and_what_is_around_stays(text: str) -> None:
    found = scan(text)
    assert all(0 <= one.start < one.end <= len(text) for one in found)
    assert all(one.end <= then.start for one, then in pairwise(found))
    assert redact(text, lambda one: text[one.start : one.end]) == text


@given(st.text(string.printable, max_size=200))
def test_a_masked_text_is_masked_once_for_all(text: str) -> None:
    once = mask(f"{text} client_secret: {UUID_A}")
    assert UUID_A not in once
    assert mask(mask(once)) == mask(once)


@pytest.mark.parametrize(
    "text", ["Ｅ" + "ＡＡ" + META[3:], "ЕАА" + META[3:], META[:60] + "\u0301" + META[60:], "\u202e" + META + "\u202c"]
)
def test_look_alike_letters_and_marks_hide_nothing_and_the_value_is_the_real_one(text: str) -> None:
    [one] = scan(f"token: {text} ok")
    assert one.value == META
    assert META[10:] not in mask(text)


HOSTILE = [
    *(
        "a",
        "EAA",
        "-EAAxxxxx\n",
        "-eyJaaaaaaaa.",
        "Bearer ",
        "token: ",
        "client.id.secret.",
        "client id e client secret ",
    ),
    *(
        "senha é ",
        "(token",
        "client id " + "(" * 41,
        f"{UUID_A} token ",
        "://a:",
        "-----BEGIN ",
        "\u200b",
        "4111 ",
        "0f",
    ),
]


@pytest.mark.parametrize("unit", HOSTILE)
@pytest.mark.timeout(30)
def test_a_long_hostile_text_is_read_to_its_end(unit: str) -> None:
    """Anything more than linear would need hours for this."""
    text = (unit * 100_000)[:100_000] + f"\n\n. client_secret={UUID_B}"
    assert scan(text)[-1].value == UUID_B
    assert UUID_B not in mask_certain(text)


def test_what_is_too_long_to_be_read_is_a_secret() -> None:
    text = "a " * (MAX_CHARS // 2) + HEX64
    [one] = scan(text)
    assert (one.rule, one.start, one.end) == ("unread", MAX_CHARS, len(text))
    assert mask(text) == text[:MAX_CHARS] + MASK


def test_references_stand_where_credentials_stood() -> None:
    text = f"client_id: {UUID_A} client_secret: {UUID_B}"
    assert redact(text, lambda one: f"<{one.kind}>") == (
        "client_id: <gateway_client_id> client_secret: <gateway_client_secret>"
    )


@pytest.mark.parametrize(
    "text",
    [
        f"client_secret={UUID_A} refused",
        f"{{'hottok': '{HOTTOK}'}}",
        f"Authorization: Basic {BASIC}",
        f"token {JWT}",
        f"curl -u {UUID_A}:{UUID_B}",
    ],
)
def test_logs_and_events_mask_shapes_and_signed_labels(text: str) -> None:
    masked = mask_text(text)
    assert MASK in masked
    assert not any(secret in masked for secret in (UUID_A, UUID_B, HOTTOK, BASIC, JWT))


@pytest.mark.parametrize(
    "text",
    [
        f"plan {HEX64}",
        f"o produto {UUID_A}",
        "secret:0190f3a2-1111-7abc-8def-0123456789ab",
        "O token da Meta foi recusado: gere outro.",
        "validate_meta_token",
        "Client ID: demo",
        "390.533.447-05",
    ],
)
def test_logs_and_events_keep_digests_identifiers_references_and_sentences(text: str) -> None:
    assert mask_text(text) == text
