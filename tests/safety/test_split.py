"""Credentials in pieces: cut over messages, or named in one and given in the next."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.safety.samples import HEX64, HOTTOK, META, REFERENCE, UUID_A, UUID_B
from tracking_core.models import SecretKind
from tracking_core.safety.patterns import MAX_CHARS
from tracking_core.safety.scanner import scan
from tracking_core.safety.split import Said, SplitFinding, ending_reference, scan_across

META_TOKEN, SECRET = SecretKind.META_ACCESS_TOKEN, SecretKind.GATEWAY_CLIENT_SECRET


def cut(found: SplitFinding, *messages: str) -> list[str]:
    """What lies in the pieces."""
    return [messages[piece.message][piece.start : piece.end] for piece in found.pieces]


@given(
    at=st.integers(3, len(META) - 12),
    end=st.sampled_from(["", " ", "\n", "…", "...\n"]),
    begin=st.sampled_from(["", " ", "\n\n", "\u200b", "parte 2: "]),
)
def test_a_token_cut_over_two_messages_is_found_wherever_it_was_cut(at: int, end: str, begin: str) -> None:
    first, second = f"meu token é {META[:at]}{end}", f"{begin}{META[at:]}"
    [one] = scan_across(first, second)
    assert (one.kind, one.value, one.replaces) == (META_TOKEN, META, False)
    assert cut(one, first, second) == [META[:at], META[at:]]


@given(cuts=st.tuples(st.integers(8, 60), st.integers(80, 150)))
def test_a_token_cut_over_three_messages_is_found(cuts: tuple[int, int]) -> None:
    parts = [META[: cuts[0]], META[cuts[0] : cuts[1]], META[cuts[1] :]]
    [one] = scan_across(*parts)
    assert (one.value, cut(one, *parts)) == (META, parts)


@pytest.mark.parametrize("at", [20, 23, 24, 30])
def test_a_uuid_is_whole_again_also_when_the_rest_begins_with_its_dash(at: int) -> None:
    [one] = scan_across(f"client_secret: {UUID_A[:at]}", UUID_A[at:])
    assert (one.kind, one.value) == (SECRET, UUID_A)


def test_a_piece_that_was_taken_for_the_whole_is_opened_and_its_reference_replaced() -> None:
    stored = f"token: {REFERENCE}"
    [one] = scan_across("oi", Said(stored, META[:100], META_TOKEN), f"{META[100:]} é o resto")
    assert (one.kind, one.value, one.replaces) == (META_TOKEN, META, True)
    assert cut(one, "oi", stored, f"{META[100:]} é o resto") == [REFERENCE, META[100:]]


def test_a_piece_of_a_kind_without_a_shape_keeps_the_kind_it_had() -> None:
    [one] = scan_across(Said(REFERENCE, HOTTOK[:15], SecretKind.WEBHOOK_SECRET), HOTTOK[15:])
    assert (one.kind, one.value, one.replaces) == (SecretKind.WEBHOOK_SECRET, HOTTOK, True)


@pytest.mark.parametrize("text", [META[100:], f"parte 2: {META[100:]}", f"{META[100:]} é o resto dele"])
def test_the_rest_is_found_without_opening_the_reference_before_it(text: str) -> None:
    [one] = scan_across(f"token: {REFERENCE}", text)
    assert (one.kind, one.rule, one.value) == (SecretKind.UNKNOWN, "continuation", META[100:])
    assert cut(one, "", text) == [META[100:]]


@pytest.mark.parametrize(
    "last", ["123456789012345", "pronto", "HP1234567890123", UUID_B, "ok, e agora?", "demo-account"]
)
@pytest.mark.parametrize(
    "before", [f"token: {META}", f"token: {REFERENCE}", Said(f"token: {REFERENCE}", META, META_TOKEN)], ids=str
)
def test_an_answer_after_a_token_is_not_its_rest(before: str | Said, last: str) -> None:
    assert scan_across(before, last) == []


def test_a_whole_credential_has_no_rest() -> None:
    account = "3S1JtDdLmEwSzQw"
    assert scan_across(Said(f"client_secret: {REFERENCE}", HEX64, SECRET), account) == []
    assert scan_across(Said(f"client_secret: {REFERENCE}", UUID_A, SECRET), account) == []


@pytest.mark.parametrize(
    ("before", "text", "kind"),
    [
        ("o client secret é", UUID_A, SECRET),
        ("Agora cole aqui o client_secret da Kiwify:", HEX64, SECRET),
        ("hottok", HOTTOK, SecretKind.WEBHOOK_SECRET),
        ("minha senha", "batata123", SecretKind.UNKNOWN),
    ],
)
def test_a_label_in_one_message_names_the_value_in_the_next(before: str, text: str, kind: SecretKind) -> None:
    [one] = scan_across(before, text)
    assert (one.kind, one.value, cut(one, before, text)) == (kind, text, [text])


def test_the_secret_after_a_message_with_the_client_id_is_known_for_it() -> None:
    before = Said(f"client id: {REFERENCE}", UUID_A, SecretKind.GATEWAY_CLIENT_ID)
    [one] = scan_across(before, UUID_B)
    assert (one.kind, one.value, one.replaces) == (SECRET, UUID_B, False)


@given(st.text(max_size=60), st.text(max_size=120))
def test_whatever_a_message_holds_by_itself_is_found_in_company_too(before: str, text: str) -> None:
    text = f"{text} client_secret={UUID_A} {text}"
    values = {one.value for one in scan_across(before, text)}
    assert UUID_A in values
    assert all(one.pieces[-1].message == 1 for one in scan_across(before, text))


def test_alone_a_message_is_read_as_by_scan() -> None:
    text = f"client id: {UUID_A}, senha: hunter2"
    pieces = [(one.value, one.pieces[0].start, one.pieces[0].end) for one in scan_across(text)]
    assert pieces == [(one.value, one.start, one.end) for one in scan(text)]


def test_only_the_last_two_messages_before_count() -> None:
    assert scan_across("client secret:", "oi", "tudo", UUID_A) == []
    assert [one.pieces[0].message for one in scan_across("oi", "tudo", "client secret:", UUID_A)] == [3]


def test_what_is_too_long_to_be_read_is_a_secret() -> None:
    [one] = scan_across("oi", "a " * MAX_CHARS)
    assert (one.rule, one.pieces[0].start, one.pieces[0].end) == ("unread", MAX_CHARS, 2 * MAX_CHARS)


def test_nothing_secret_is_shown_by_what_was_found() -> None:
    found = scan_across(Said(f"token: {REFERENCE}", META[:100], META_TOKEN), META[100:])
    assert META[:20] not in repr(found)
    assert META[:20] not in repr(Said("", META[:100]))


@pytest.mark.parametrize(
    ("text", "reference"),
    [
        (f"token: {REFERENCE}", REFERENCE),
        (f"token: {REFERENCE}. \n", REFERENCE),
        (f"{REFERENCE} ok", None),
        (f"{REFERENCE}x", None),
        ("", None),
    ],
)
def test_the_reference_that_a_message_ends_with(text: str, reference: str | None) -> None:
    assert ending_reference(text) == reference
