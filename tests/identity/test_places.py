import pytest

from tracking_core.identity.normalize import city_spellings, normalize_country, normalize_state, zip_spellings


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("SÃO PAULO", ("sãopaulo", "saopaulo")),
        ("Santa Bárbara d'Oeste", ("santabárbaradoeste", "santabarbaradoeste")),
        ("Belo Horizonte", ("belohorizonte",)),
        ("Rio de Janeiro - RJ", ("riodejaneiro",)),
        ("Rio de Janeiro/rj", ("riodejaneiro",)),
        ("Rio de Janeiro (RJ)", ("riodejaneiro",)),
        ("Rio de Janeiro-RJ", ("riodejaneiro",)),
        ("Miami-Dade", ("miamidade",)),
        ("Paris (France)", ("parisfrance",)),
        ("St. Petersburg", ("stpetersburg",)),
        ("-", ()),
    ],
)
def test_city_gives_its_form_with_and_without_accents_and_loses_the_state(text: str, expected: tuple[str, ...]) -> None:
    assert city_spellings(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("SP", "sp"),
        ("BR-SP", "sp"),
        ("São Paulo", "sp"),
        ("sao paulo", "sp"),
        ("São Paulo - SP", "sp"),
        ("São Paulo, Brasil", "sp"),
        ("Estado do Rio de Janeiro", "rj"),
        ("Mato Grosso", "mt"),
        ("Mato Grosso do Sul", "ms"),
        ("Rio Grande do Norte", "rn"),
        ("Pará", "pa"),
        ("Paraná", "pr"),
        ("CA-1", "ca"),
        ("123ab", "ab"),
        ("California", "california"),
        ("12", None),
    ],
)
def test_state_names_become_uf_codes_and_foreign_states_stay_text(text: str, expected: str | None) -> None:
    assert normalize_state(text) == expected


@pytest.mark.parametrize(
    ("text", "country", "expected"),
    [
        ("01310-100", None, ("01310100", "01310")),
        ("01310100", None, ("01310100", "01310")),
        ("01.310-100", "br", ("01310100", "01310")),
        ("01310 100", "BR", ("01310100", "01310")),
        ("1310100", "BR", ("01310100", "01310")),
        ("1310100", None, ("1310100",)),
        ("00000-000", "BR", ()),
        ("1", None, ()),
        ("90210-1234", None, ("90210",)),
        ("902101234", "US", ("90210",)),
        ("SW1A 1AA", "GB", ("sw1a1aa", "sw1a1")),
        ("1000-205", "PT", ("1000205", "1000")),
        ("K1A 0A6", "CA", ("k1a0a6",)),
    ],
)
def test_postal_code_gives_the_documented_and_the_implemented_form(
    text: str, country: str | None, expected: tuple[str, ...]
) -> None:
    assert zip_spellings(text, country) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Brasil", "br"),
        ("BRAZIL", "br"),
        (" Br ", "br"),
        ("BRA", "br"),
        ("Estados Unidos", "us"),
        ("EUA", "us"),
        ("United States", "us"),
        ("Reino Unido", "gb"),
        ("UK", "gb"),
        ("Japão", "jp"),
        ("Japan", "jp"),
        ("Portugal", "pt"),
        ("Alemanha", "de"),
        ("zz", None),
        ("EU", None),
        ("55", None),
        ("076", None),
        ("Atlantis", None),
    ],
)
def test_country_is_iso_alpha_2_from_codes_and_portuguese_or_english_names(text: str, expected: str | None) -> None:
    assert normalize_country(text) == expected
