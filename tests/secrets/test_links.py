"""Addresses lose what they say about a person and nothing else."""

import pytest

from tracking_core.identity.links import without_contact, without_person

_SHOP = "https://pay.shop.example/A1"


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        (f"{_SHOP}?email=ana%40x.example&off=1", f"{_SHOP}?off=1"),
        (f"{_SHOP}?off=1&name=Ana+Lima&phoneac=11&phonenumber=987654321", f"{_SHOP}?off=1"),
        (f"{_SHOP}?E-MAIL=ana@x.example", _SHOP),
        (f"{_SHOP}?customer[email]=a%40x.example&buyer_name=Ana&cliente.cpf=39053344705&a=b", f"{_SHOP}?a=b"),
        (f"{_SHOP}?customer%5Bfirst_name%5D=Ana&a=b", f"{_SHOP}?a=b"),
        (f"{_SHOP}?doc=390.533.447-05&id=390.533.447-05&w=%2B55+11+98765-4321&x=%2B5511987654321&y=1", f"{_SHOP}?y=1"),
        (f"{_SHOP}?ref=ana%2540x.example&y=1", f"{_SHOP}?y=1"),
        (f"{_SHOP}#/checkout?email=ana%40x.example&step=2", f"{_SHOP}#step=2"),
        (f"{_SHOP}/ana@x.example/thanks", f"{_SHOP}/***/thanks"),
        (f"{_SHOP}/ana%40x.example", f"{_SHOP}/***"),
        ("https://[broken/ana@x.example", "https://[broken/***"),
    ],
)
def test_what_names_a_person_is_left_out(url: str, kept: str) -> None:
    assert without_person(url) == kept


@pytest.mark.parametrize(
    "url",
    [
        f"{_SHOP}?",
        f"{_SHOP}?utm_source=meta&utm_id=120210000000000001&utm_campaign=lan%C3%A7amento+1&fbclid=IwAR0_-x",
        f"{_SHOP}?utm_content=video%7C1&product_name=Curso&filename=a.pdf&campaign_name=x&s1=h0123456789012345678901",
        f"{_SHOP}?xcod=clk_01hxyz&sck=a|b|c&gclid=Cj0KCQ&ttclid=E.C.P#topo",
        "HTTPS://Loja.Example:443/p;v=1?a&b=&=c",
        "https://loja.example/@perfil?h=@perfil",
    ],
)
def test_everything_else_stays_to_the_letter(url: str) -> None:
    assert without_person(url) == url


@pytest.mark.parametrize("contact", ["ana@x.example", "+5511987654321", "+55 (11) 98765-4321", "390.533.447-05"])
def test_a_label_keeps_its_text_around_a_contact(contact: str) -> None:
    assert without_contact(f"news|{contact}|maio") == "news|***|maio"


@pytest.mark.parametrize(
    "label", ["120210000000000001", "vídeo 1 | frio", "+120210000000000001", "h0123456789", "1.234-5"]
)
def test_other_labels_stay_as_they_are(label: str) -> None:
    assert without_contact(label) == label
