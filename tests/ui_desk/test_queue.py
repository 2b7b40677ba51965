"""The queue: what is pressing comes first, each sees what they ask for, and nothing new costs nothing."""

import re
from datetime import timedelta

import httpx
import pytest
from fastapi import FastAPI

from tests.handoff.conftest import NOW, Case, new_case
from tests.ui_desk.conftest import ORIGIN, Person, SignIn
from tracking_core.handoff import service as handoffs
from tracking_core.handoff.breaches import sweep
from tracking_core.handoff.codes import Reason
from tracking_core.kit import clock
from tracking_core.kit.ids import new_id
from tracking_core.models import Role


def _shops(page: httpx.Response) -> list[str]:
    assert page.status_code == 200, page.text
    return re.findall(r'class="case-link"[^>]*>([^<]+)<', page.text)


async def test_the_most_pressing_comes_first_and_says_why(bia: Person, case: Case, other: Case) -> None:
    await case.open(Reason.OTHER, step="url", code=None)
    await other.open(Reason.MONEY_AT_RISK)
    page = await bia.get()
    assert _shops(page) == ["Loja do Beto", "Loja da Ana"]
    for said in (
        "Real sales of this seller wait unsent while their connection to Meta is on hold.",
        "30 min 00 s left",
        "P1",
        "Step: Meta token",
        "Step: sales page",
        "10:30",
    ):
        assert said in page.text


async def test_a_promise_that_was_not_kept_is_said_in_words(bia: Person, case: Case) -> None:
    await case.open(Reason.MONEY_AT_RISK)
    clock.set_source(lambda: NOW + timedelta(minutes=42))
    page = await bia.get()
    assert "late by 12 min 00 s" in page.text
    await sweep(clock.now(), case.settings)
    assert "late by 12 min 00 s" in (await bia.get()).text


async def test_an_answered_case_has_no_clock(bia: Person, case: Case) -> None:
    handoff, _ = await case.open()
    await case.do(handoffs.reply, handoff.id, "Bia", text="Olá", key="1")
    page = await bia.get()
    assert "answered" in page.text
    assert "data-clock" not in page.text


async def test_each_filter_shows_its_own(bia: Person, app: FastAPI) -> None:
    cases = {name: await new_case(app.state.settings, name) for name in ("aberta", "minha", "dele", "volta", "feita")}
    ids = {name: (await one.open())[0].id for name, one in cases.items()}
    await cases["minha"].do(handoffs.take, ids["minha"], "Bia")
    await cases["dele"].do(handoffs.take, ids["dele"], "Caio")
    await cases["volta"].do(handoffs.resume, ids["volta"], "Bia", now=NOW + timedelta(minutes=2))
    await cases["feita"].do(handoffs.resolve, ids["feita"], "Bia", now=NOW + timedelta(minutes=1))
    shown = {one: set(_shops(await bia.get(f"?show={one}"))) for one in ("waiting", "open", "mine", "taken")}
    assert shown == {
        "waiting": {"aberta", "minha", "dele"},
        "open": {"aberta"},
        "mine": {"minha"},
        "taken": {"minha", "dele"},
    }
    assert _shops(await bia.get("?show=closed")) == ["volta", "feita"]  # the last one first
    last = await bia.get(f"?show=closed&after={ids['volta']}")
    assert (_shops(last), "Closed: 10:01" in last.text, "Open for" in last.text) == (["feita"], True, False)
    assert "Taken: Caio" in (await bia.get("?show=taken")).text
    assert 'aria-current="page"' in (await bia.get("?show=taken")).text
    assert (await bia.get("?show=lost")).status_code == 422


@pytest.mark.parametrize("show", ["waiting", "open", "mine", "taken", "closed"])
async def test_an_empty_list_says_so(bia: Person, show: str) -> None:
    page = await bia.get(f"?show={show}")
    assert _shops(page) == []
    assert 'class="card empty"' in page.text


async def test_a_long_queue_is_read_page_by_page(bia: Person, app: FastAPI) -> None:
    names = [f"Loja {number:02}" for number in range(27)]
    for number, name in enumerate(names):
        one = await new_case(app.state.settings, name)
        await one.open(now=NOW + timedelta(minutes=number))
    first = await bia.get()
    assert _shops(first) == names[:25]
    following = re.search(r'href="/desk(\?show=waiting&amp;after=[^"]+)">Next page', first.text)
    assert following is not None
    second = await bia.get(following[1].replace("&amp;", "&"))
    assert _shops(second) == names[25:]
    assert "Next page" not in second.text
    assert "First page" in second.text
    assert (await bia.get(f"?after={new_id()}")).status_code == 404


async def test_the_list_alone_is_sent_when_something_is_new(bia: Person, case: Case, other: Case) -> None:
    handoff, _ = await case.open()
    listed = await bia.get(**{"HX-Request": "true"})
    mark = listed.headers["etag"]
    assert _shops(listed) == ["Loja da Ana"]
    assert "<html" not in listed.text
    assert f'data-mark="{mark.removeprefix("W/").strip(chr(34))}"' in listed.text
    clock.set_source(lambda: NOW + timedelta(minutes=5))
    again = await bia.get(**{"HX-Request": "true", "If-None-Match": mark})
    assert (again.status_code, again.content) == (304, b"")
    await other.open()
    news = await bia.get(**{"HX-Request": "true", "If-None-Match": mark})
    assert (news.status_code, len(_shops(news))) == (200, 2)
    await case.do(handoffs.take, handoff.id, "Caio")
    taken = await bia.get(**{"HX-Request": "true", "If-None-Match": news.headers["etag"]})
    assert (taken.status_code, "Taken: Caio" in taken.text) == (200, True)


async def test_whoever_loads_the_page_gets_the_page(bia: Person, case: Case) -> None:
    await case.open()
    page = await bia.get(**{"If-None-Match": (await bia.get()).headers["etag"]})
    assert page.status_code == 200
    assert "<html" in page.text


async def test_the_desk_is_for_our_people(sign_in: SignIn, app: FastAPI, case: Case) -> None:
    handoff, _ = await case.open()
    ana = await sign_in("Ana", Role.SELLER, tenant=case.tenant_id)
    page = await ana.client.get("/app")
    ana.csrf = re.findall(r'data-csrf="([0-9a-f]+)"', page.text)[0]
    for path in ("", f"/{handoff.id}"):
        assert (await ana.get(path)).status_code == 403
    acts = [f"/do/{act}" for act in ("take", "release", "reply", "ask", "resume", "resolve")]
    tools = ["/contact", "/presence", "/checks/gateway", "/checks/meta", "/checks/page", "/proof", "/rollback/all"]
    for path in (*acts, *tools):
        assert (await ana.post(f"/{handoff.id}{path}", text="oi")).status_code == 403
    assert (await case.row(handoff.id)).state == "open"
    olga = await sign_in("Olga", Role.OPERATOR)
    assert (await olga.get(f"/{handoff.id}")).status_code == 200


async def test_who_is_not_signed_in_is_led_to_sign_in(app: FastAPI, case: Case) -> None:
    handoff, _ = await case.open()
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=ORIGIN) as nobody:
        for path in ("/desk", f"/desk/{handoff.id}"):
            answer = await nobody.get(path)
            assert (answer.status_code, answer.headers["location"].split("?")[0]) == (303, "/sign-in")
        answer = await nobody.post(f"/desk/{handoff.id}/do/take", headers={"Origin": ORIGIN})
        assert answer.headers["location"] == "/sign-in"
    assert (await case.row(handoff.id)).state == "open"
