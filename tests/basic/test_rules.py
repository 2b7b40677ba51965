"""The rules as a model: one call or words, from the message, what was said before, the facts and the vault."""

from typing import Any

import orjson
import pytest
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage, ToolMessage

from agent.chat.basic.model import RuleModel
from agent.chat.facts import SessionFacts, StageFact
from agent.chat.toolbox import ARGUMENTS, ToolName
from agent.chat.wording import wrap
from tests.basic.conftest import facts_of
from tests.basic.utterances import PORTUGUESE
from tracking_core.models import SecretKind

ID = "123456789012345"
KEYS = frozenset({SecretKind.GATEWAY_CLIENT_ID, SecretKind.GATEWAY_CLIENT_SECRET})
TOKEN = frozenset({SecretKind.META_ACCESS_TOKEN})
NONE: frozenset[SecretKind] = frozenset()
CHECKED = {"gateway": "verified", "meta": "verified", "url": "verified"}
Calls = list[tuple[str, dict[str, Any]]]


def answer(
    text: str,
    facts: SessionFacts | None = None,
    *,
    before: tuple[str, ...] = (),
    given: frozenset[SecretKind] = NONE,
    since: tuple[BaseMessage, ...] = (),
) -> AIMessage:
    rules = RuleModel(facts=facts or facts_of(), said=(*before, text), given=given)
    return rules.invoke([SystemMessage("system"), HumanMessage(wrap("gateway: falta", text)), *since])


def calls_of(message: AIMessage) -> Calls:
    return [(call["name"], call["args"]) for call in message.tool_calls]


def done(name: str, result: dict[str, Any] | str) -> tuple[BaseMessage, ...]:
    call = {"name": name, "args": {}, "id": f"id_{name}", "type": "tool_call"}
    content = result if isinstance(result, str) else orjson.dumps(result).decode()
    return AIMessage("", tool_calls=[call]), ToolMessage(content, tool_call_id=f"id_{name}", name=name)


WISHES: list[tuple[str, dict[str, Any], Calls]] = [
    (
        "hotmart: secret:1 e secret:2",
        {"facts": facts_of(secrets=KEYS), "given": KEYS},
        [("check_gateway", {"gateway": "hotmart"})],
    ),
    (
        "client id secret:1, client secret secret:2",
        {"facts": facts_of(secrets=KEYS), "given": KEYS, "before": ("vendo na hotmart",)},
        [("check_gateway", {"gateway": "hotmart"})],
    ),
    (
        "account id AbC123xyz",
        {"facts": facts_of(secrets=KEYS)},
        [("check_gateway", {"gateway": "kiwify", "account_id": "AbC123xyz"})],
    ),
    (
        "nova client secret secret:4",
        {"facts": facts_of(secrets=KEYS, gateway="hotmart", status={"gateway": "action_required"}), "given": KEYS},
        [("check_gateway", {"gateway": "hotmart"})],
    ),
    (
        "já coloquei as credenciais da Hotmart no formulário, pode verificar",
        {"facts": facts_of(secrets=KEYS)},
        [("check_gateway", {"gateway": "hotmart"})],
    ),
    (
        f"dataset {ID}, token secret:1",
        {"facts": facts_of(secrets=TOKEN), "given": TOKEN},
        [("check_meta", {"dataset_id": ID})],
    ),
    (
        "token secret:1",
        {"facts": facts_of(secrets=TOKEN), "given": TOKEN, "before": (f"pixel {ID}",)},
        [("check_meta", {"dataset_id": ID})],
    ),
    (
        "gerei outro: secret:2",
        {"facts": facts_of(secrets=TOKEN, dataset_id=ID), "given": TOKEN},
        [("check_meta", {"dataset_id": ID})],
    ),
    (
        f"ops, o dataset certo é {ID}",
        {"facts": facts_of(secrets=TOKEN, dataset_id="9" * 15)},
        [("check_meta", {"dataset_id": ID})],
    ),
    ("verifica a página loja.example/curso", {}, [("check_page", {"url": "loja.example/curso"})]),
    (
        "publiquei agora, olha de novo",
        {
            "facts": facts_of(
                landing_url="https://loja.example/c", status={"url": "action_required", "gateway": "verified"}
            )
        },
        [("check_page", {"url": "https://loja.example/c"})],
    ),
    (
        "tenta de novo a meta",
        {
            "facts": facts_of(
                secrets=TOKEN, dataset_id=ID, landing_url="loja.example", status={"url": "action_required"}
            )
        },
        [("check_meta", {"dataset_id": ID})],
    ),
    ("opt-in, só quem aceitou", {}, [("choose", {"consent_mode": "opt_in"})]),
    ("usa o código TEST12345", {}, [("choose", {"test_event_code": "TEST12345"})]),
    ("monte o plano", {"facts": facts_of(status=CHECKED)}, [("request_plan", {})]),
    ("sim", {"facts": facts_of(status=CHECKED)}, [("request_plan", {})]),
    ("pode aprovar", {"facts": facts_of(status=CHECKED)}, [("request_plan", {})]),
    ("sim", {"facts": facts_of(status={**CHECKED, "configuration": "verified"})}, []),
    ("monte o plano", {"facts": facts_of(status={"gateway": "verified"})}, []),
    ("sim, pode aprovar", {"facts": facts_of(status=CHECKED, plan=("Ativar",))}, []),
    ("monte o plano", {"facts": facts_of(status=CHECKED, plan=("Ativar",))}, []),
    ("desfaz tudo", {}, [("undo", {"scope": "all"})]),
    ("desfaz a última mudança", {}, [("undo", {"scope": "last"})]),
    ("remove a integração, por favor", {}, [("undo", {"scope": "all"})]),
    ("desfaça", {}, [("undo", {"scope": "all"})]),
    ("envie a venda de teste", {"facts": facts_of(status={"configuration": "verified"})}, [("send_test_sale", {})]),
    ("envie a venda de teste", {}, []),
    ("quero falar com uma pessoa", {}, [("call_person", {"reason": ""})]),
    ("5", {}, [("call_person", {"reason": ""})]),
    ("quero falar com uma pessoa", {"facts": facts_of(handoff="open")}, []),
    ("kiwify secret:1 secret:2", {"facts": facts_of(secrets=KEYS), "given": KEYS}, []),
    ("secret:1 secret:2", {"facts": facts_of(secrets=KEYS), "given": KEYS}, []),
    (f"dataset {ID}", {}, []),
    (f"me mostra o token do dataset {ID}", {"facts": facts_of(secrets=TOKEN)}, []),
]


@pytest.mark.parametrize(("text", "how", "calls"), [pytest.param(*one, id=f"{at:02}") for at, one in enumerate(WISHES)])
def test_a_message_leads_to_the_call_it_asks_for(text: str, how: dict[str, Any], calls: Calls) -> None:
    said = answer(text, **how)
    assert calls_of(said) == calls
    assert bool(said.text) is not bool(calls)
    for name, arguments in calls:
        ARGUMENTS[ToolName(name)].model_validate(arguments)


def test_several_things_in_one_message_are_done_one_after_the_other() -> None:
    facts = facts_of(secrets=KEYS | TOKEN)
    since: tuple[BaseMessage, ...] = ()
    called: list[str] = []
    text = f"Hotmart secret:1 secret:2. dataset {ID}, token secret:3. página loja.example. opt-in"
    while True:
        said = answer(text, facts, given=KEYS | TOKEN, since=since)
        if not said.tool_calls:
            break
        called.append(said.tool_calls[0]["name"])
        since = (*since, *done(called[-1], {"status": "done"}))
    assert called == ["choose", "check_gateway", "check_meta", "check_page"]


def test_from_nothing_to_the_plan_without_a_model() -> None:
    """Each answer says what is to be given next, and each thing that is given is checked."""
    status: dict[str, str] = {}
    said: list[str] = []
    secrets: frozenset[SecretKind] = frozenset()

    def tell(text: str, given: frozenset[SecretKind] = NONE) -> AIMessage:
        nonlocal secrets
        secrets |= given
        heard = answer(text, facts_of(secrets=secrets, status=status), before=tuple(said), given=given)
        said.append(text)
        return heard

    assert "Hotmart ou Kiwify" in tell("oi").text
    assert "client ID e client secret" in tell("kiwify").text
    assert "account ID" in tell("client id secret:1 client secret secret:2", KEYS).text
    assert calls_of(tell("account id: aB3dE5gH7")) == [
        ("check_gateway", {"gateway": "kiwify", "account_id": "aB3dE5gH7"})
    ]
    status["gateway"] = "verified"
    assert "Gerenciador de Eventos" in tell("e agora?").text
    assert "token de acesso" in tell(f"pixel {ID}").text
    assert calls_of(tell("secret:3", TOKEN)) == [("check_meta", {"dataset_id": ID})]
    status["meta"] = "verified"
    assert "página de vendas" in tell("e agora?").text
    assert calls_of(tell("loja.example/curso")) == [("check_page", {"url": "loja.example/curso"})]
    status["url"] = "verified"
    assert calls_of(tell("pode montar o plano")) == [("request_plan", {})]


RESULTS: list[tuple[dict[str, Any] | str, str]] = [
    ({"status": "failed", "code": "x", "playbook": "**Título**\n1. Faça."}, "**Título**\n1. Faça."),
    ({"status": "failed", "message": "Não deu.", "recommendation": "Tente."}, "Não deu. Tente."),
    ({"status": "queued"}, "A verificação ainda está em andamento"),
    ({"status": "refused", "code": "x", "message": "Não há nada para desfazer."}, "Não há nada para desfazer."),
    ({"status": "refused", "missing": ["gateway_client_secret"]}, "ainda preciso de: client secret. Na Hotmart, abra"),
    ({"status": "refused", "missing": ["meta_access_token"]}, "ainda preciso do token de acesso"),
    ({"status": "done"}, "Agora preciso do endereço"),
    ("Error: the tool broke", "Não consegui fazer isso agora"),
    ("[1]", "Não consegui fazer isso agora"),
]


@pytest.mark.parametrize(("result", "part"), RESULTS)
def test_what_a_tool_came_to_is_told(result: dict[str, Any] | str, part: str) -> None:
    facts = facts_of(status={"gateway": "verified", "meta": "verified"})
    said = answer("hotmart, e agora?", facts, since=done("read_status", result))
    assert part in said.text


def test_only_what_happened_since_the_sellers_last_message_counts() -> None:
    earlier = done("check_page", {"status": "failed", "playbook": "velho"})
    messages = [HumanMessage("loja.example"), *earlier, HumanMessage(wrap("fatos", "loja.example"))]
    said = RuleModel(facts=facts_of(), given=NONE).invoke(messages)
    assert calls_of(said) == [("check_page", {"url": "loja.example"})]


def test_a_failure_is_explained_by_its_playbook() -> None:
    failure = StageFact(stage="meta", status="action_required", code="meta_token_invalid", params={"dataset_id": ID})
    said = answer("por que deu erro?", facts_of(failure=failure, status={"meta": "action_required"}))
    assert said.text.startswith("**A Meta não aceitou o token**")
    assert ID in said.text
    assert (
        answer("why?", facts_of("en", failure=failure)).text
        == answer("why did it fail?", facts_of("en", failure=failure)).text
    )


def test_a_picture_that_nobody_can_read_is_asked_about() -> None:
    said = answer("olha esse print", facts_of(questions=("Qual é o título da tela?",)))
    assert "1. Qual é o título da tela?" in said.text


@pytest.mark.parametrize("text", [texts[0] for texts in PORTUGUESE.values()])
@pytest.mark.parametrize("status", [{}, {"gateway": "action_required"}, CHECKED])
def test_every_intent_has_an_answer_wherever_the_setup_stands(text: str, status: dict[str, str]) -> None:
    said = answer(text, facts_of(status=status, account_id="x", gateway="kiwify"))
    assert said.text or said.tool_calls


@pytest.mark.parametrize("locale", ["pt_BR", "en"])
@pytest.mark.parametrize(
    "text", ["oi", "1", "2", "3", "4", "xyz", "sim", "não", "obrigado", "quanto custa?", "aprovo", "recuso"]
)
def test_every_answer_is_in_the_language_of_the_session(text: str, locale: str) -> None:
    said = answer(text, facts_of(locale)).text
    assert said
    assert (said == answer(text, facts_of("en")).text) is (locale == "en")


def test_the_same_is_answered_to_the_same() -> None:
    assert answer("oi").text == answer("oi").text


async def test_it_answers_without_a_context_and_off_the_loop_alike() -> None:
    asked = [HumanMessage("oi")]
    assert (await RuleModel().ainvoke(asked)).text == RuleModel().invoke(asked).text
