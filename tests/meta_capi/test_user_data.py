import hashlib
import json
from itertools import chain, combinations
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracking_core.destinations.meta_capi.user_data import Person, build_user_data, is_too_weak, public_ip

SAMPLES = Path(__file__).resolve().parents[2].parent / "shared" / "samples" / "meta"
FBC = "fb.1.1795176000123.IwAR2F4-dbP0l7_MnAbC"
FBP = "fb.1.1795176000123.1098115397"
ANY = st.none() | st.text(st.characters(exclude_categories=()), max_size=60)


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def test_a_full_person_gives_hashes_of_the_normal_forms_and_raw_browser_values() -> None:
    person = Person(
        emails=(" Maria@Example.com ",),
        phones=("(11) 98888-7777",),
        full_name="Maria Souza",
        city="São Paulo",
        state="São Paulo",
        zip_code="01310-100",
        country="Brasil",
        external_id=" USER-123 ",
        client_ip="8.8.8.8",
        client_user_agent="Mozilla/5.0 (X11)",
        fbc=FBC,
        fbp=FBP,
    )
    assert build_user_data(person) == {
        "em": digest("maria@example.com"),
        "ph": digest("5511988887777"),
        "fn": digest("maria"),
        "ln": digest("souza"),
        "ct": [digest("sãopaulo"), digest("saopaulo")],
        "st": digest("sp"),
        "zp": [digest("01310100"), digest("01310")],
        "country": digest("br"),
        "external_id": digest("user-123"),
        "client_ip_address": "8.8.8.8",
        "client_user_agent": "Mozilla/5.0 (X11)",
        "fbc": FBC,
        "fbp": FBP,
    }


def test_nothing_known_gives_no_keys() -> None:
    assert build_user_data(Person()) == {}
    assert build_user_data(Person(emails=("joao",), phones=("98888-7777",), fbc="fb.1.x", client_ip="x")) == {}


def test_several_emails_and_phones_become_lists_without_repeats() -> None:
    person = Person(
        emails=("a@example.com", "A@example.com ", "b@example.com"), phones=("+5511988887777", "11988887777")
    )
    data = build_user_data(person)
    assert data["em"] == [digest("a@example.com"), digest("b@example.com")]
    assert data["ph"] == digest("5511988887777")


def test_a_value_that_arrives_hashed_is_lowered_and_never_hashed_twice() -> None:
    hashed = "62A14E44F765419D10FEA99367361A727C12365E2520F32218D505ED9AA0F62F"
    person = Person(
        emails=(hashed, "a@example.com"),
        phones=(hashed,),
        first_name=hashed,
        last_name=hashed,
        city=hashed,
        state=hashed,
        zip_code=hashed,
        country=hashed,
        external_id=hashed,
    )
    data = build_user_data(person)
    assert data.pop("em") == [hashed.lower(), digest("a@example.com")]
    assert set(data.values()) == {hashed.lower()}
    assert len(data) == 8


def test_given_names_win_over_the_parts_of_the_full_name() -> None:
    data = build_user_data(Person(full_name="Outra Pessoa", first_name="Maria", last_name="Souza"))
    assert (data["fn"], data["ln"]) == (digest("maria"), digest("souza"))
    assert "ln" not in build_user_data(Person(full_name="Maria"))


def test_a_buyer_abroad_may_have_typed_a_local_or_a_home_number() -> None:
    assert build_user_data(Person(phones=("912345678",), country="PT"))["ph"] == digest("351912345678")
    assert build_user_data(Person(phones=("11988887777",), country="PT"))["ph"] == digest("5511988887777")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("8.8.8.8", "8.8.8.8"),
        (" 2001:4860:4860:0:0:0:0:8888 ", "2001:4860:4860::8888"),
        ("::ffff:8.8.8.8", "8.8.8.8"),
        ("::ffff:10.0.0.1", None),
        ("10.0.0.1", None),
        ("127.0.0.1", None),
        ("100.64.0.1", None),
        ("169.254.1.1", None),
        ("224.0.0.1", None),
        ("fe80::1%eth0", None),
        ("8.8.8.8, 1.1.1.1", None),
        ("8.8.8", None),
        ("", None),
        (None, None),
    ],
)
def test_only_a_visitors_public_address_is_sent(text: str | None, expected: str | None) -> None:
    assert public_ip(text) == expected


@given(ANY, ANY, ANY, ANY, ANY)
def test_any_person_gives_json_whose_hashed_keys_hold_only_hashes(
    email: str | None, name: str | None, place: str | None, ident: str | None, agent: str | None
) -> None:
    person = Person(
        emails=(email or "",),
        phones=(name or "", ident or ""),
        full_name=name,
        city=place,
        state=place,
        zip_code=ident,
        country=place,
        external_id=ident,
        client_ip=ident,
        client_user_agent=agent,
        fbc=ident,
        fbp=ident,
    )
    data = build_user_data(person)
    json.dumps(data, ensure_ascii=False).encode()
    raw = {"client_ip_address", "client_user_agent", "fbc", "fbp"}
    values = chain.from_iterable(one if isinstance(one, list) else [one] for key, one in data.items() if key not in raw)
    assert all(len(value) == 64 and set(value) <= set("0123456789abcdef") for value in values)


WEAK_SETS = [
    ("ct", "country", "st", "zp", "ge", "client_user_agent"),
    ("db", "client_user_agent"),
    ("fn", "ge"),
    ("ln", "ge"),
]


@pytest.mark.parametrize("keys", WEAK_SETS)
def test_every_subset_of_a_documented_weak_set_is_too_weak_until_one_strong_key_joins(keys: tuple[str, ...]) -> None:
    for size in range(len(keys) + 1):
        for subset in combinations(keys, size):
            assert is_too_weak(dict.fromkeys(subset, "x"))
            assert not is_too_weak(dict.fromkeys((*subset, "em"), "x"))


@pytest.mark.parametrize("keys", [("fn", "ln"), ("fn", "st"), ("db", "ge"), ("fbp",), ("client_ip_address",)])
def test_sets_outside_the_documented_ones_are_strong_enough(keys: tuple[str, ...]) -> None:
    assert not is_too_weak(dict.fromkeys(keys, "x"))


def test_a_key_without_a_value_does_not_count() -> None:
    assert is_too_weak({"em": "", "ph": [], "ct": "x"})


def test_weak_matching_agrees_with_the_shared_vectors_where_they_are_at_hand() -> None:
    path = SAMPLES / "weak_matching.json"
    vectors = json.loads(path.read_text())["vectors"] if path.exists() else []
    for vector in vectors:
        expected = vector["expected"].startswith("reject")
        assert is_too_weak(dict.fromkeys(vector["user_data_keys"], "x")) is expected, vector
