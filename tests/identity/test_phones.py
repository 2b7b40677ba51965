import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracking_core.identity.normalize import normalize_phone

SAMPLES = Path(__file__).resolve().parents[2].parent / "shared" / "samples" / "meta"


@given(
    st.integers(11, 99),
    st.integers(0, 99_999_999),
    st.sampled_from(["({}) {}-{}", "{} {} {}", "0{}{}{}", "+55 {} {} {}"]),
)
def test_a_brazilian_mobile_is_the_same_in_every_writing(area: int, rest: int, form: str) -> None:
    head, tail = divmod(rest, 10_000)
    plain = normalize_phone(f"{area}9{head:04}{tail:04}")
    assert normalize_phone(form.format(area, f"9{head:04}", f"{tail:04}")) == plain
    assert plain in (None, f"55{area}9{head:04}{tail:04}")
    assert plain is None or normalize_phone(plain) == plain


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("005511988887777", "5511988887777"),
        ("0055 (11) 98888-7777", "5511988887777"),
        ("0011988887777", "5511988887777"),
        ("+55.11.98888.7777", "5511988887777"),
        ("＋55 11 98888-7777", "5511988887777"),
        ("\u202a+55 11 98888-7777\u202c", "5511988887777"),
        ("5511988887777@s.whatsapp.net", "5511988887777"),
        ("5511988887777:12@s.whatsapp.net", "5511988887777"),
        ("5511988887777@c.us", "5511988887777"),
        ("120363041234567890@g.us", None),
        ("11988887777@example.com", None),
        ("(11) 98888-7777", "5511988887777"),
        ("011988887777", "5511988887777"),
        ("0 15 11 98888-7777", "5511988887777"),
        ("(0xx11) 98888-7777", "5511988887777"),
        ("tel:+5511988887777", "5511988887777"),
        ("+55 11 98888-7777 x22", "5511988887777"),
        ("+55 11 3333-4444", "551133334444"),
        ("55999998888", "5555999998888"),
        ("5555999998888", "5555999998888"),
        ("5533334444", "555533334444"),
        ("555533334444", "555533334444"),
        ("98888-7777", None),
        ("33334444", None),
        ("1188887777", None),
        ("551188887777", None),
        ("+551188887777", None),
        ("119888877777", None),
        ("(25) 98888-7777", None),
        ("+55+11988887777", None),
        ("0800 123 4567", None),
        ("4004-1234", None),
        ("não informado", None),
        ("CALL-NOW", None),
        ("11111111111", None),
        ("(11) 99999-9999", None),
        ("+1 (650) 555-1212", "16505551212"),
        ("+351 912 345 678", "351912345678"),
        ("351912345678", "351912345678"),
        ("+39 06 1234 5678", "390612345678"),
    ],
)
def test_phone_of_a_brazilian_shop_gets_its_country_code_or_is_dropped(text: str, expected: str | None) -> None:
    assert normalize_phone(text) == expected


@pytest.mark.parametrize(
    ("text", "country", "expected"),
    [
        ("912345678", "PT", "351912345678"),
        ("912345678", " pt ", "351912345678"),
        ("(650) 253-0000", "US", "16502530000"),
        ("+5511988887777", "not a country", "5511988887777"),
        ("11988887777", "not a country", None),
        ("11988887777", "", None),
        ("5511988887777", "US", "5511988887777"),
    ],
)
def test_phone_follows_the_default_country_and_survives_an_unknown_one(
    text: str, country: str, expected: str | None
) -> None:
    assert normalize_phone(text, country) == expected


# What libphonenumber alone cannot read and the reference says to read.
BEYOND_LIBPHONENUMBER = {"005511988887777", "5511988887777@s.whatsapp.net"}


def test_phones_agree_with_the_shared_libphonenumber_vectors_where_they_are_at_hand() -> None:
    path = SAMPLES / "phones.json"
    vectors = json.loads(path.read_text())["vectors"] if path.exists() else []
    wrong = [
        vector
        for vector in vectors
        if vector["input"] not in BEYOND_LIBPHONENUMBER
        and normalize_phone(vector["input"], vector["default_region"]) != vector["expected"]
    ]
    assert wrong == []
