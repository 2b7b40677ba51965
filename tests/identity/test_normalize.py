import json
import unicodedata
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tracking_core.identity.normalize import (
    city_spellings,
    last_name_spellings,
    name_spellings,
    normalize_country,
    normalize_document,
    normalize_email,
    normalize_phone,
    normalize_state,
    zip_spellings,
)

SAMPLES = Path(__file__).resolve().parents[2].parent / "shared" / "samples" / "meta"
# Lone surrogates, NULs and anything else a broken client may send.
ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=300)
SINGLE = (normalize_email, normalize_phone, normalize_document, normalize_state, normalize_country)
SEVERAL = (name_spellings, last_name_spellings, city_spellings, zip_spellings)


@given(ANY_TEXT)
@example("\x00")
@example("´")
@example("\ud800@\udfff.com")
@example("+55²³¹ ٣٤٥٦٧٨٩٠١٢")
def test_any_text_gives_nothing_or_clean_bounded_text_that_utf8_and_postgres_take(text: str) -> None:
    values = [value for normalize in SINGLE if (value := normalize(text)) is not None]
    values += [value for spell in SEVERAL for value in spell(text)]
    for value in values:
        value.encode()
        assert value == value.strip()
        assert value
        assert len(value) <= 400
        assert not any(unicodedata.category(char) in ("Cc", "Cs") for char in value)


@pytest.mark.parametrize("text", [None, "", "   ", "\x00\x01", "\ud800", "x" * 100_000, "1" * 100_000])
def test_absent_empty_and_oversized_text_gives_nothing(text: str | None) -> None:
    assert [normalize(text) for normalize in SINGLE] == [None] * len(SINGLE)
    assert [spell(text) for spell in SEVERAL] == [()] * len(SEVERAL)


@given(ANY_TEXT | st.emails())
def test_a_normal_email_is_its_own_normal_form(text: str) -> None:
    email = normalize_email(text)
    assert email is None or normalize_email(email) == email


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("\tMaria@BOL.com.br\n", "maria@bol.com.br"),
        ("Test.User+Tag123@Sub-Domain.Example.COM", "test.user+tag123@sub-domain.example.com"),
        ("joão@exemplo.com.br", "joão@exemplo.com.br"),
        ("joa\u0303o@exemplo.com.br", "joão@exemplo.com.br"),
        ("\u200bmaria@example.com\x00", "maria@example.com"),
        ("a@xn--exmplo-cua.xn--p1ai", "a@xn--exmplo-cua.xn--p1ai"),
        ("joao", None),
        ("@gmail.com", None),
        ("@b.c", None),
        ("test@example.", None),
        ("joao@gmail.com;maria@gmail.com", None),
        ("joao@gmail.com maria@gmail.com", None),
        ("a@b@example.com", None),
        ("joao@gmail..com", None),
        (f"{'a' * 65}@example.com", None),
    ],
)
def test_email_is_trimmed_and_lowered_keeps_dots_and_tags_and_must_be_one_address(
    text: str, expected: str | None
) -> None:
    assert normalize_email(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("529.982.247-25", "52998224725"),
        ("529.982.247-26", None),
        ("111.111.111-11", None),
        ("11.222.333/0001-81", "11222333000181"),
        ("11.222.333/0001-82", None),
        ("12.ABC.345/01DE-35", "12ABC34501DE35"),
        ("12.abc.345/01de-35", "12ABC34501DE35"),
        ("12.ABC.345/01DE-36", None),
        ("12.ABC.345/01DE-3X", None),
        ("1234567890", None),
        ("\u0665\u0662\u0669\u0669\u0668\u0662\u0662\u0664\u0667\u0662\u0665", None),
    ],
)
def test_document_is_a_cpf_or_cnpj_whose_check_digits_hold(text: str, expected: str | None) -> None:
    assert normalize_document(text) == expected


@settings(max_examples=25, deadline=None)
@given(st.text("0123456789", min_size=9, max_size=9))
def test_of_all_check_digits_exactly_one_pair_makes_a_cpf(body: str) -> None:
    valid = [cpf for pair in range(100) if (cpf := normalize_document(f"{body}{pair:02}"))]
    assert len(valid) == (1 if len(set(body)) > 1 else 0)


def test_names_give_each_form_that_metas_libraries_make_of_them() -> None:
    assert name_spellings("  João Pedro ") == ("joãopedro", "joaopedro", "joão pedro", "joao pedro")
    assert name_spellings("D’Ávila") == name_spellings("D'Ávila") == ("dávila", "davila")
    assert name_spellings("Joa\u0303o") == name_spellings("JOÃO") == ("joão", "joao")
    assert name_spellings("Jr.") == ("jr",)
    assert name_spellings("李明") == ("李明",)
    assert name_spellings("...") == ()


def test_last_names_also_give_the_last_word_alone_and_stay_at_four() -> None:
    assert last_name_spellings("de Souza Lima") == ("desouzalima", "lima", "de souza lima")
    assert last_name_spellings("Gonçalves de Araújo") == ("gonçalvesdearaújo", "goncalvesdearaujo", "araújo", "araujo")
    assert last_name_spellings("Souza") == ("souza",)


def _vectors(name: str) -> list[dict[str, str | None]]:
    path = SAMPLES / name
    found: list[dict[str, str | None]] = json.loads(path.read_text())["vectors"] if path.exists() else []
    return found


def test_brazilian_vectors_are_among_our_spellings_where_they_are_at_hand() -> None:
    def said(key: str | None, text: str | None) -> tuple[str | None, ...] | None:
        match key:
            case "em":
                return (normalize_email(text),)
            case "ph":
                return (normalize_phone(text),)
            case "fn":
                return name_spellings(text)
            case "ct":
                return city_spellings(text) or (None,)
            case "st":
                return (normalize_state(text),)
            case "zp":
                return zip_spellings(text) or (None,)
            case "country":
                return (normalize_country(text),)
        return None

    # An identifier that arrives hashed is the business of build_user_data.
    vectors = [vector for vector in _vectors("brazil.json") if len(vector["input"] or "") != 64]
    answers = [(vector, said(vector["key"], vector["input"])) for vector in vectors]
    assert [vector for vector, given in answers if given is not None and vector["expected"] not in given] == []
