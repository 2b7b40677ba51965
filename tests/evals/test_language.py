"""Which language a text is in."""

import pytest

from evals.agent.language import folded, is_in, is_told
from evals.agent.scenario import Locale


@pytest.mark.parametrize(
    ("locale", "text"),
    [
        ("pt_BR", "O plano está pronto. Leia abaixo e aprove ou recuse nos botões."),
        ("pt_BR", "Próximo: informe o ID do conjunto de dados e o token de acesso."),
        ("en", "The plan is ready. Read it below and approve or refuse it with the buttons."),
        ("en", "Next: enter your dataset's ID and access token and have them checked."),
        ("pt_BR", "https://loja.example/curso"),
        ("en", "secret:1"),
    ],
)
def test_a_text_is_in_its_language(locale: Locale, text: str) -> None:
    assert is_in(locale, text)


@pytest.mark.parametrize(
    ("locale", "text"),
    [
        ("pt_BR", "The plan is ready. Read it below and approve it with the button."),
        ("en", "O plano está pronto. Leia abaixo e aprove no botão."),
        ("pt_BR", "你好，计划已经准备好了 请 查看 下面 的 内容 然后 批准"),
    ],
)
def test_a_text_is_not_in_the_other(locale: Locale, text: str) -> None:
    assert not is_in(locale, text)


def test_texts_are_compared_without_case_accents_and_line_breaks() -> None:
    assert folded("NÃO\n  há  página") == "nao ha pagina"
    assert is_told(["nada disso", "ação"], "A AÇÃO foi feita")
    assert not is_told("ação", "nada")
