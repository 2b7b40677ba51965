"""A value passes only when the seller wrote it, whole."""

import pytest

from agent.chat.grounding import is_said

SAID = (
    "meu pixel é 123456789012345, pode ver?",
    "a página é https://Loja.example/curso?src=1.",
    "conta demo-account e o site outra.example/oferta",
)


@pytest.mark.parametrize(
    "value",
    [
        "123456789012345",
        "https://loja.example/curso?src=1",
        "http://loja.example/curso?src=1",
        "loja.example/curso?src=1",
        "https://outra.example/oferta",
        "https://outra.example/oferta/",
        "demo-account",
        "１２３４５６７８９０１２３４５",
    ],
)
def test_what_the_seller_wrote_passes(value: str) -> None:
    assert is_said(value, SAID)


@pytest.mark.parametrize(
    "value",
    [
        "",
        "/",
        "12345678901234",
        "23456789012345",
        "999999999999999",
        "https://evil.example/curso",
        "https://loja.example.evil.example/curso?src=1",
        "ja.example/curso?src=1",
        "demo",
        "account",
        "https://loja.example/cur",
        "https://loja.example",
        "https://loja",
        "https://outra",
        "https://outra.example",
        "https://loja.example/curso?src",
    ],
)
def test_what_the_seller_did_not_write_does_not(value: str) -> None:
    assert not is_said(value, SAID)
