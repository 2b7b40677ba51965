"""One identifier in one form, whatever was typed, and never shown."""

import re

import pytest

from tracking_core.consent.subjects import subjects_of
from tracking_core.kit.hashing import sha256_hex
from tracking_core.privacy.errors import IdentifierMalformed
from tracking_core.privacy.forms import forms_of
from tracking_core.privacy.identifiers import identifier
from tracking_core.privacy.words import covered_in
from tracking_core.secrets.keyring import TenantCipher


@pytest.mark.parametrize(
    ("kind", "said", "normal"),
    [
        ("email", "  Maria.Souza+x@Example.COM ", "maria.souza+x@example.com"),
        ("phone", "(11) 98765-4321", "5511987654321"),
        ("phone", "+351 912 345 678", "351912345678"),
        ("document", "529.982.247-25", "52998224725"),
        ("document", "12.ABC.345/01DE-35", "12ABC34501DE35"),
        ("click_id", " hAbC123456 ", "hAbC123456"),
        ("order", "HP 12/34", "HP 12/34"),
    ],
)
def test_it_is_normal_and_hashes_as_the_hub_does_and_shows_nothing(kind: str, said: str, normal: str) -> None:
    made = identifier(kind, said)
    assert made.value == normal
    assert made.digest == sha256_hex(normal)
    assert repr(made) == str(made) == f"Identifier({kind})"
    if kind == "email":
        assert made.subject == subjects_of(email_hash=sha256_hex(normal))[0]


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("email", "maria"),
        ("phone", "12345"),
        ("document", "111.111.111-11"),
        ("click_id", "h 1"),
        ("order", "1"),
        ("name", "Maria"),
    ],
)
def test_garbage_is_refused_with_a_sentence_that_does_not_repeat_it(kind: str, said: str) -> None:
    with pytest.raises(IdentifierMalformed) as refused:
        identifier(kind, said)
    assert refused.value.code.startswith("identifier_")
    assert said not in str(refused.value).split()


def test_a_fingerprint_is_a_tenants_own() -> None:
    made, one, other = identifier("email", "maria@example.com"), TenantCipher(bytes(32)), TenantCipher(b"k" * 32)
    assert made.fingerprint(one) == made.fingerprint(one) != made.fingerprint(other)


@pytest.mark.parametrize(
    ("kind", "value", "text", "stands"),
    [
        ("email", "maria@example.com", "Sou a MARIA@example.com.", True),
        ("email", "maria@example.com", "anamaria@example.com", False),
        ("email", "maria@example.com", "maria@example.com.br", False),
        ("phone", "11987654321", "me liga: 11 98765-4321", True),
        ("phone", "11987654321", "+55 (11) 98765-4321", True),
        ("phone", "11987654321", "tel 5511987654321", True),
        ("phone", "11987654321", "99119876543210", False),
        ("document", "52998224725", "CPF 529.982.247-25", True),
        ("order", "HP1234", "HP12345", False),
    ],
)
def test_a_whole_word_is_found_and_a_longer_one_is_not(kind: str, value: str, text: str, stands: bool) -> None:
    assert bool(re.search(forms_of(identifier(kind, value)).pattern, text)) is stands


def test_what_is_covered_keeps_its_length() -> None:
    said = b"\xd9\x16fala MARIA@example.com!"
    covered = covered_in(said, forms_of(identifier("email", "maria@example.com")))
    assert covered == b"\xd9\x16fala " + b"*" * 17 + b"!"
