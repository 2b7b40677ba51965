"""The desk in a real browser: a case from the queue to its end, seen from both sides; clocks, news, colleagues."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.browser.chromium import ensure_chromium
from tests.ui_desk.browsing import Desk, enter, forwarded, seller_in_trouble, writes
from tests.ui_operations.running import Running, running
from tests.ui_setup.accessible import LISTENING
from tracking_core.db.engine import transaction
from tracking_core.embedded.postgres import EmbeddedPostgres
from tracking_core.embedded.redis import EmbeddedRedis
from tracking_core.handoff import service as handoffs
from tracking_core.handoff.codes import Reason
from tracking_core.kit import clock
from tracking_core.kit.ids import new_id
from tracking_core.streams.append import EventType, append_many

_FLAGS = "no-sandbox disable-gpu disable-quic no-first-run disable-background-networking disable-component-update"
HOSTILE = "<script>alert(1)</script><img src=x onerror='alert(2)'>"


@pytest.fixture(scope="module")
def hub(servers: tuple[EmbeddedPostgres, EmbeddedRedis]) -> Iterator[Running]:
    with running(*servers) as hub:
        yield hub


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    executable = ensure_chromium()
    with sync_playwright() as playwright:
        flags = [f"--{flag}" for flag in _FLAGS.split()]
        browser = playwright.chromium.launch(executable_path=executable, args=flags)
        yield browser
        browser.close()


@pytest.fixture
def people(hub: Running, browser: Browser) -> Iterator[Any]:
    """Signs somebody new in; whoever's browser complained fails the test."""
    entered: list[Desk] = []

    def sign_in(**options: Any) -> Desk:
        entered.append(enter(hub, browser, **options))
        return entered[-1]

    yield sign_in
    for desk in entered:
        desk.context.close()
    assert [one for desk in entered for one in desk.noise] == []


def _said(hub: Running, case: Any, role: str = "support") -> list[str]:
    return [one.text for one in hub.run(case.said(role))]


def test_a_case_from_the_queue_to_its_end(hub: Running, people: Any) -> None:
    case, handoff = seller_in_trouble(hub, "Cursos da Ana")
    bia = people()
    bia.page.get_by_role("link", name="Cursos da Ana", exact=True).click()
    bia.press("Assumir o caso")
    notice = bia.page.locator("#notice")
    expect(notice).to_contain_text("O caso é seu")
    expect(notice).to_be_focused()
    bia.page.get_by_label("Escreva ao vendedor").fill("Oi Ana, vou olhar o seu token.")
    bia.press("Enviar")
    expect(bia.page.locator("#conversation")).to_contain_text("Oi Ana, vou olhar o seu token.")
    expect(bia.page.locator("#case-head")).to_contain_text("respondido")
    assert _said(hub, case) == ["Oi Ana, vou olhar o seu token."]
    told = hub.run(case.events("message.completed"))
    assert [one["author"] for one in told if one["role"] == "support"] == [bia.name]
    bia.page.get_by_label("Nota para colegas").fill("explicado")
    bia.press("Devolver ao assistente")
    expect(notice).to_contain_text("O caso foi devolvido")
    assert hub.run(case.row(handoff.id)).state == "returned"
    assert "handoff_returned" in [one.code for one in hub.run(case.said())]


def test_the_clock_counts_down(hub: Running, people: Any) -> None:
    seller_in_trouble(hub, "Relógio")
    desk = people()
    desk.page.clock.install()
    desk.open()
    row = desk.page.locator(".case", has_text="Relógio")
    before = row.locator("[data-clock]").inner_text()
    assert before.startswith("faltam ")
    desk.page.clock.run_for(5_000)
    assert row.locator("[data-clock]").inner_text() != before
    desk.page.clock.run_for(31 * 60_000)
    expect(row.locator("[data-clock]")).to_contain_text("atrasado há")


def test_a_new_case_appears_and_is_announced(hub: Running, people: Any) -> None:
    desk = people()
    desk.page.clock.install()
    desk.open()
    seller_in_trouble(hub, "Recém-chegada")
    desk.page.clock.run_for(10_000)
    expect(desk.page.get_by_role("link", name="Recém-chegada")).to_be_visible()
    expect(desk.page.locator("#announcer")).to_have_text("Há um caso novo na fila.")


def test_nothing_is_asked_while_nobody_looks(hub: Running, people: Any) -> None:
    desk = people()
    desk.page.clock.install()
    desk.page.add_init_script(
        "let away = true; Object.defineProperty(document, 'hidden', {get: () => away});"
        "window.comeBack = () => { away = false; document.dispatchEvent(new Event('visibilitychange')); };"
    )
    desk.open()
    asked: list[str] = []
    # The browser asks for a page's icon when it likes.
    desk.page.on("request", lambda request: asked.append(request.url) if "/static/" not in request.url else None)
    desk.page.clock.run_for(60_000)
    assert asked == []
    with desk.page.expect_response(lambda answer: "/desk" in answer.url) as back:
        desk.page.evaluate("comeBack()")
    assert back.value.status == 304


def test_what_a_colleague_does_is_seen_and_no_reply_is_lost(hub: Running, people: Any) -> None:
    case, handoff = seller_in_trouble(hub, "De dois")
    bia, caio = people(), people()
    caio.open(f"/{handoff.id}")
    expect(caio.page.locator("[data-connection]")).to_have_text("Ao vivo")
    caio.page.get_by_label("Escreva ao vendedor").fill("Uma resposta que levou tempo")
    bia.open(f"/{handoff.id}")
    bia.press("Assumir o caso")
    expect(caio.page.locator("#case-head")).to_contain_text(f"Com {bia.name}")
    expect(caio.page.get_by_label("Escreva ao vendedor")).to_have_value("Uma resposta que levou tempo")
    caio.press("Enviar")
    expect(caio.page.locator("#notice")).to_contain_text(f"{bia.name} já está cuidando deste caso.")
    expect(caio.page.get_by_label("Escreva ao vendedor")).to_have_value("Uma resposta que levou tempo")
    assert _said(hub, case) == []
    caio.noise[:] = [one for one in caio.noise if "409" not in one]


def test_what_the_seller_writes_is_read_before_it_is_answered(hub: Running, people: Any) -> None:
    case, handoff = seller_in_trouble(hub, "Escrevendo")
    desk = people()
    hub.run(case.do(handoffs.take, handoff.id, desk.name, now=clock.now()))
    desk.open(f"/{handoff.id}")
    expect(desk.page.locator("[data-connection]")).to_have_text("Ao vivo")
    desk.page.get_by_label("Escreva ao vendedor").fill("Gere um token novo")
    writes(hub, case, "gerei um token novo agora")
    expect(desk.page.locator("#conversation")).to_contain_text("gerei um token novo agora")
    expect(desk.page.locator("#announcer")).to_have_text("O vendedor escreveu")
    expect(desk.page.get_by_label("Escreva ao vendedor")).to_have_value("Gere um token novo")
    # It is noted in the case a moment later, by a worker.
    hub.run(forwarded(case))
    desk.press("Enviar")
    expect(desk.page.locator("#notice")).to_contain_text("A sua mensagem está no chat do vendedor.")
    assert _said(hub, case) == ["Gere um token novo"]


def test_who_else_looks_at_a_case_is_said(hub: Running, people: Any) -> None:
    _, handoff = seller_in_trouble(hub, "A quatro olhos")
    bia, caio = people(), people()
    bia.open(f"/{handoff.id}")
    expect(bia.page.locator("#presence")).to_be_empty()
    caio.open(f"/{handoff.id}")
    expect(caio.page.locator("#presence")).to_have_text(f"{bia.name} também está olhando este caso.")
    bia.page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")  # as every few seconds
    expect(bia.page.locator("#presence")).to_have_text(f"{caio.name} também está olhando este caso.")


def test_what_came_of_a_check_is_said_once(hub: Running, people: Any) -> None:
    case, handoff = seller_in_trouble(hub, "Conferida de novo")
    desk = people()
    desk.page.add_init_script(LISTENING)
    desk.open(f"/{handoff.id}")
    expect(desk.page.locator("[data-connection]")).to_have_text("Ao vivo")
    hub.run(_checked(case))
    said = "Token da Meta: funciona"
    expect(desk.page.locator("#announcer")).to_have_text(said)
    assert [one for one in desk.page.evaluate("heard") if "funciona" in one] == [said]


async def _checked(case: Any) -> None:
    await case.changes(stages={"meta": {"status": "verified"}})
    await case.hears("O token da Meta funciona.", "hub", at=clock.now())
    async with transaction() as session:
        message = {"message_id": str(new_id()), "role": "hub", "text": "O token da Meta funciona."}
        happened = [(EventType.STEP_STATUS, {"stage": "meta"}), (EventType.MESSAGE_COMPLETED, message)]
        await append_many(session, case.session_id, happened)


def test_a_reply_begun_stays_when_something_else_is_done(hub: Running, people: Any) -> None:
    _, handoff = seller_in_trouble(hub, "Rascunho")
    desk = people()
    desk.open(f"/{handoff.id}")
    desk.page.get_by_label("Escreva ao vendedor").fill("Só um começo")
    desk.press("Assumir o caso")
    expect(desk.page.locator("#notice")).to_contain_text("O caso é seu")
    expect(desk.page.get_by_label("Escreva ao vendedor")).to_have_value("Só um começo")


def test_the_keys_move_through_the_queue_until_they_are_turned_off(hub: Running, people: Any) -> None:
    for shop in ("Tecla um", "Tecla dois"):
        seller_in_trouble(hub, shop)
    page: Page = people().page
    page.reload()
    links = page.locator(".case-link")
    page.keyboard.press("j")
    expect(links.nth(0)).to_be_focused()
    page.keyboard.press("j")
    expect(links.nth(1)).to_be_focused()
    page.keyboard.press("k")
    expect(links.nth(0)).to_be_focused()
    page.get_by_label("Andar pelos casos").uncheck()
    page.keyboard.press("j")
    expect(page.get_by_label("Andar pelos casos")).to_be_focused()


def test_everything_works_without_scripts(hub: Running, people: Any) -> None:
    case, handoff = seller_in_trouble(hub, "Sem scripts")
    desk = people(java_script_enabled=False)
    desk.open(f"/{handoff.id}")
    desk.press("Assumir o caso")
    expect(desk.page.locator("#notice")).to_contain_text("O caso é seu")
    desk.page.get_by_label("Escreva ao vendedor").fill("Qual é o pixel?")
    desk.press("Enviar como pergunta que precisa de resposta")
    expect(desk.page.locator("#notice")).to_contain_text("A sua pergunta está no chat")
    desk.press("Resolver")
    expect(desk.page.locator("#notice")).to_contain_text("O caso está resolvido")
    assert _said(hub, case) == ["Qual é o pixel?"]
    assert hub.run(case.row(handoff.id)).state == "resolved"


def test_what_a_seller_wrote_runs_nowhere(hub: Running, people: Any) -> None:
    case, handoff = seller_in_trouble(hub, HOSTILE, reason=Reason.USER_REQUESTED, note=HOSTILE)
    hub.run(case.hears(HOSTILE, at=clock.now()))
    desk = people()
    desk.open()
    expect(desk.page.get_by_role("link", name=HOSTILE)).to_be_visible()
    desk.open(f"/{handoff.id}")
    expect(desk.page.get_by_role("heading", level=1)).to_have_text(HOSTILE)
