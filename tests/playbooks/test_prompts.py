import re

import pytest

from agent.chat.toolbox import ARGUMENTS, ToolName
from agent.prompts.files import Prompt, PromptInvalid, load, parse
from agent.prompts.playbooks import codes
from evals.agent.language import is_in

INPUTS = {
    "system": {"language"},
    "seller": {"persona", "goal", "knows", "said"},
}
WORDS_MAX = {"system": 320, "seller": 250}
SENTENCE_WORDS_MAX = 30
EACH = pytest.mark.parametrize("name", sorted(INPUTS))
_A_NAME = re.compile(r"\b[a-z]+(?:_[a-z]+)+\b")
_FIELDS = {field for form in ARGUMENTS.values() for field in form.model_fields}
_ASKS_FOR_A_SECRET = re.compile(
    r"(?:envie|mande|cole|digite|escreva)\b[^.:;\n]*\b(?:senha|token|segredo)", re.IGNORECASE
)
_THE_END, _LINES = "FIM", ["Vendedor", "Situação", "Problema", "Tentativas", "Próximo passo"]


@EACH
def test_it_loads_and_takes_exactly_its_inputs(name: str) -> None:
    assert set(load(name).inputs) == INPUTS[name]


@EACH
def test_it_is_short_enough_for_a_small_model(name: str) -> None:
    text = load(name).text
    assert len(text.split()) <= WORDS_MAX[name]
    assert [one for one in _sentences(text) if len(one.split()) > SENTENCE_WORDS_MAX] == []


@EACH
def test_it_is_in_portuguese_and_asks_for_no_secret(name: str) -> None:
    text = load(name).text
    assert is_in("pt_BR", text)
    assert not _ASKS_FOR_A_SECRET.search(text)


@EACH
def test_what_is_put_in_stands_in_the_text_and_braces_in_it_stay(name: str) -> None:
    given = {one: f"<{one} {{x}}>" for one in INPUTS[name]}
    said = load(name).render(**given)
    assert all(value in said for value in given.values())


@EACH
def test_without_an_input_it_is_not_rendered(name: str) -> None:
    prompt = load(name)
    given = dict.fromkeys(prompt.inputs[1:], "x")
    with pytest.raises(KeyError):
        prompt.render(**given)


def test_the_system_prompt_says_when_to_call_each_tool_and_knows_no_other() -> None:
    text = load("system").text
    assert {tool.value for tool in ToolName} <= set(re.findall(r"\w+", text))
    assert set(_A_NAME.findall(text)) <= {tool.value for tool in ToolName} | _FIELDS


def test_the_system_prompt_holds_no_playbook_so_that_the_facts_bring_it() -> None:
    assert not [code for code in codes() if code in load("system").text]


def test_the_seller_ends_with_the_word_that_the_evals_look_for() -> None:
    assert load("seller").text.count(_THE_END) == 1


@pytest.mark.parametrize("edit", [("language", "idioma"), ("id: system", "id: other")])
def test_an_edit_that_breaks_it_is_refused(edit: tuple[str, str]) -> None:
    content = _content(load("system"))
    parse(content, "system")
    with pytest.raises(PromptInvalid):
        parse(content.replace(*edit, 1), "system")


def _content(prompt: Prompt) -> str:
    inputs = ", ".join(prompt.inputs)
    return f"---\nid: {prompt.id}\nversion: {prompt.version}\ninputs: [{inputs}]\n---\n{prompt.text}\n"


def _sentences(text: str) -> list[str]:
    return [one for one in re.split(r"[.!?:;]\s|\n", text) if one.strip()]
