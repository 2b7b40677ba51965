"""Values are taken as they stand in the seller's words, and nothing is taken for a value that is none."""

from typing import Any

import pytest

from agent.chat.basic.slots import Slots, slots_of

ID = "123456789012345"
GIVEN: list[tuple[str, dict[str, Any]]] = [
    (f"meu pixel é {ID}", {"dataset_id": ID}),
    (f"PIXEL: {ID}.", {"dataset_id": ID}),
    (f"dataset {ID} token secret:1", {"dataset_id": ID}),
    (f"o conjunto de dados é {ID}6", {"dataset_id": f"{ID}6"}),
    ("pixel 12345678901", {"dataset_id": "12345678901"}),
    (f"ops, era 999999999999999, o certo é {ID}", {"dataset_id": ID}),
    (f"https://business.facebook.com/events_manager2/list/pixel/{ID}/overview", {"dataset_id": ID}),
    ("meu telefone é 11987654321", {}),
    ("cnpj 12345678000199", {}),
    (f"https://loja.example/oferta/{ID}", {"url": f"https://loja.example/oferta/{ID}"}),
    ("a página é loja.example/curso, pode ver?", {"url": "loja.example/curso"}),
    ("(https://loja.example/curso?a=1&b=2)", {"url": "https://loja.example/curso?a=1&b=2"}),
    ("www.loja.example.", {"url": "www.loja.example"}),
    ("Loja.Example", {"url": "Loja.Example"}),
    ("http://127.0.0.1:8080/x", {"url": "http://127.0.0.1:8080/x"}),
    ("meu e-mail é ana@loja.example", {}),
    ("salvei em token_secret:1.png", {}),
    ("pronto.agora vai", {}),
    ("versão 1.2.3 do site", {}),
    ("https://loja.example/curso?access_token=secret:1", {"url": "https://loja.example/curso"}),
    ("vendo na hotmart.com", {"gateway": "hotmart"}),
    ("https://pay.hotmart.com/A123", {"url": "https://pay.hotmart.com/A123"}),
    ("uso a Kiwfy", {"gateway": "kiwify"}),
    ("hot mart", {"gateway": "hotmart"}),
    ("hotmart e kiwify", {}),
    ("vendo pela Eduzz", {"other_gateway": "eduzz"}),
    ("kiwify, account id AbC123xyz9", {"gateway": "kiwify", "account_id": "AbC123xyz9"}),
    ("account_id: demo-account-1", {"account_id": "demo-account-1"}),
    ("desculpa, o account id certo é QwErTyUi", {"account_id": "QwErTyUi"}),
    ("o ID da minha conta é x9Y8z7W6", {"account_id": "x9Y8z7W6"}),
    (f"account id {ID}", {"account_id": ID}),
    ("onde fica o account id mesmo, aparece onde?", {}),
    ("account id secret:1", {}),
    ("client_secret: secret:2 account_id: demo-account", {"account_id": "demo-account"}),
    ("account id: onde fica?", {}),
    ("account id: não achei", {}),
    ("só quem aceitou os cookies", {"consent": "opt_in"}),
    ("quero opt-out", {"consent": "opt_out"}),
    ("conta todo mundo menos quem recusou", {"consent": "opt_out"}),
    ("o código é TEST12345", {"test_event_code": "TEST12345"}),
    ("esse é um TESTE", {}),
]


@pytest.mark.parametrize(("text", "given"), [pytest.param(*one, id=f"{at:02}") for at, one in enumerate(GIVEN)])
def test_what_stands_there_is_taken(text: str, given: dict[str, Any]) -> None:
    assert slots_of(text) == Slots(**given)


def test_several_values_in_one_message() -> None:
    said = (
        f"Kiwify. client id secret:1, client secret secret:2, account id Zx81kQp0Lm. Meta: dataset {ID}. loja.example/c"
    )
    assert slots_of(said) == Slots(gateway="kiwify", account_id="Zx81kQp0Lm", dataset_id=ID, url="loja.example/c")
