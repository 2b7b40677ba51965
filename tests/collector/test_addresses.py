"""What an address says about a person goes; everything else stays as it was."""

from urllib.parse import quote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracking_core.collector.addresses import (
    PARAMETERS_MAX,
    URL_LIMIT,
    holds_email,
    stored_address,
    without_personal_data,
)
from tracking_core.destinations.meta_capi.event import build_event
from tracking_core.kit import clock

SHOP = "https://www.loja.example/curso"


@pytest.mark.parametrize(
    "pair",
    [
        "email=nao-informado",
        "E-Mail=x",
        "customer%5Bemail%5D=x",
        "user.email=x",
        "name=Maria+da+Silva",
        "nome=Maria",
        "firstName=Maria",
        "last_name=Silva",
        "nome_completo=Maria",
        "customer[name]=Maria",
        "phonenumber=1",
        "phoneac=11",
        "telefone=1",
        "Celular=1",
        "whatsapp=1",
        "tel=1",
        "cpf=1",
        "doc=1",
        "CEP=01310100",
        "endere%C3%A7o=Rua+A",
        "zip=01310-100",
        "senha=123",
        "q=maria%40example.com",
        "q=maria@example.com.br",
        "maria%40example.com",
        "q=maria+@example.com",
        "utm_content=maria@example.com",
        "fbclid=maria@example.com",
        "q=maria%252Btag%2540example.com",
        "x=11987654321",
        "x=5511987654321",
        "x=%2B55%2011%2098765-4321",
        "x=(11)+98765-4321",
        "x=+351912345678",
        "x=0015551234567",
        "x=1133334444",
        "x=98765-4321",
        "11987654321",
        "x=529.982.247-25",
        "x=52998224725",
        "back=https%3A%2F%2Fa.example%2F%3Fcpf%3D1%26b%3D2",
        "back=/ok?email=x",
        "state=a%3Bemail%3Dx",
    ],
)
def test_a_parameter_that_looks_like_personal_data_goes_alone(pair: str) -> None:
    assert without_personal_data(f"{SHOP}?a=1&{pair}&b=2") == f"{SHOP}?a=1&b=2"
    assert without_personal_data(f"{SHOP}?{pair}") == SHOP


@pytest.mark.parametrize(
    "pair",
    [
        "fbclid=IwAR0_aBc-9",
        "utm_campaign=120210000000000000",
        "utm_id=21987654321",
        "utm_source=email",
        "gad_campaignid=21987654321",
        "hsa_acc=1133334444",
        "campaign.id=21987654321",
        "ad_name=Maria",
        "campaign_name=Dia+das+m%C3%A3es",
        "product_name=Curso",
        "xcod=h01234567890123456789a",
        "src=instagram|bio",
        "off=a1b2c3d4",
        "hotel=tel-aviv",
        "produto=1234567",
        "pedido=12345678901",
        "data=2026-01-31",
        "ref=@maria",
        "q=a%20b%zz",
        "price=197,00",
        "flag",
        "=x",
        "",
        "q=iphone+15",
        "id=0190b5a6-7c1e-7d52-9c3a-0123456789ab",
    ],
)
def test_anything_else_keeps_its_place_and_spelling(pair: str) -> None:
    assert without_personal_data(f"{SHOP}?a=1&{pair}&b=2") == f"{SHOP}?a=1&{pair}&b=2"


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("https://maria:senha@loja.example/a@2x.png?b=1", "https://loja.example/a@2x.png?b=1"),
        ("https://maria@loja.example", "https://loja.example"),
        ("https://a@b@loja.example/", "https://loja.example/"),
        (f"{SHOP}#email=maria@example.com", SHOP),
        (f"{SHOP}?a=1#/rota?x=2", f"{SHOP}?a=1"),
        (f"{SHOP}?", f"{SHOP}?"),
        ("android-app://com.instagram.android/", "android-app://com.instagram.android/"),
    ],
)
def test_credentials_and_fragment_go(url: str, kept: str) -> None:
    assert without_personal_data(url) == kept


_queries = st.lists(
    st.text(st.characters(codec="utf-8", exclude_characters="&#"), max_size=30)
    | st.sampled_from(["email=a", "utm_source=x", "q=a@b.co", "p=11987654321", "fbclid=Ab-_", "x=%40", "y=a%2540b.co"]),
    max_size=8,
)


@given(st.text(max_size=200) | st.builds(lambda parts: f"{SHOP}?{'&'.join(parts)}", _queries))
def test_any_text_is_bounded_and_cleaned_once_for_all(text: str) -> None:
    once = stored_address(text)
    assert stored_address(once) == once
    assert len(once) <= URL_LIMIT
    assert "#" not in once
    assert without_personal_data(text).count("&") <= text.count("&")


@given(_queries)
def test_what_stays_is_the_query_less_some_of_its_parameters_in_order(parts: list[str]) -> None:
    kept = without_personal_data(f"{SHOP}?{'&'.join(parts)}").removeprefix(SHOP).removeprefix("?").split("&")
    left = iter(parts)
    assert all(pair in left for pair in kept if pair)
    assert not any(holds_email(pair) for pair in kept)


@given(
    user=st.from_regex(r"[a-z0-9._+-]{1,20}", fullmatch=True),
    domain=st.from_regex(r"[a-z0-9-]{1,10}\.(com|com\.br|example)", fullmatch=True),
    depth=st.integers(0, 2),
    name=st.from_regex(r"[a-z_]{1,12}", fullmatch=True),
)
def test_no_email_survives_however_it_is_spelled(user: str, domain: str, depth: int, name: str) -> None:
    value = f"{user}@{domain}"
    for _ in range(depth):
        value = quote(value, safe="")
    assert without_personal_data(f"{SHOP}?a=1&{name}={value}&b=2") == f"{SHOP}?a=1&b=2"


@given(
    area=st.sampled_from(["11", "21", "85"]),
    number=st.integers(900_000_000, 999_999_999),
    form=st.sampled_from(["{a}{n}", "55{a}{n}", "+55 {a} {n}", "({a}) {b}-{c}", "0055{a}{n}", "0{a}{n}"]),
)
def test_no_brazilian_mobile_survives(area: str, number: int, form: str) -> None:
    written = form.format(a=area, n=number, b=str(number)[:5], c=str(number)[5:])
    for value in (written, quote(written), written.replace(" ", "+")):
        assert without_personal_data(f"{SHOP}?utm_source=x&ctx={value}") == f"{SHOP}?utm_source=x"


@given(st.text(st.sampled_from("abc:@"), max_size=12))
def test_no_credentials_survive(credentials: str) -> None:
    assert "@" not in urlsplit(without_personal_data(f"https://{credentials}@loja.example/x?y=1")).netloc


def test_more_parameters_than_a_campaign_has_are_dropped() -> None:
    kept = without_personal_data(f"{SHOP}?{'&'.join(f'p{n}=1' for n in range(500))}")
    assert kept.endswith(f"&p{PARAMETERS_MAX - 1}=1")


@pytest.mark.parametrize("tail", ["p=" + "x" * 9_000, "p=" + "%C3" * 3_000, "p=" + "1" * 9_000])
def test_a_cut_address_is_kept_for_reading_and_never_sent_to_meta(tail: str) -> None:
    cut = stored_address(f"{SHOP}?email=a&{tail}")
    assert URL_LIMIT - 2 <= len(cut) <= URL_LIMIT
    assert cut.startswith(f"{SHOP}?p=")
    assert "%" not in cut[-2:]
    event = build_event(
        event_name="Lead", event_id="1", event_time=clock.now(), user_data={}, event_source_url=cut, referrer_url=cut
    )
    assert {"event_source_url", "referrer_url"}.isdisjoint(event)


def test_spaces_and_line_ends_are_escaped() -> None:
    assert stored_address("https://a.example/x y?q=1\n2") == "https://a.example/x%20y?q=1%202"
