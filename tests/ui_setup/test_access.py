"""Whose pages these are: nobody else's, no other site's, and what a link or a frame lets see."""

import asyncio
import re
from contextlib import aclosing
from datetime import UTC, datetime, timedelta

import pytest
import segno
from fastapi import FastAPI
from sqlmodel import select
from sse_starlette import ServerSentEvent

from api.ui import paths
from api.ui.status.embedded import _frames
from api.ui.status.tokens import LIFE, _serializer, token_of
from tests.handoff.conftest import Case
from tests.ui.conftest import browser
from tests.ui_setup.conftest import Seller
from tests.ui_setup.running import EMBEDDING
from tracking_core.db.engine import transaction
from tracking_core.errors import RateLimited
from tracking_core.handoff import service as handoffs
from tracking_core.handoff.codes import Reason
from tracking_core.kit import clock
from tracking_core.kit.ids import new_id
from tracking_core.models import Membership, SetupSession, Tenant, User
from tracking_core.setup.status import snapshot
from tracking_core.streams.append import EventType
from tracking_core.streams.follow import Limits, Streams
from tracking_core.tenants import closing
from tracking_core.users import links
from tracking_core.users import service as users

READ = (
    "",
    "?step=review",
    "/status",
    "/status/live",
    "/device",
    "/events",
    *(f"/fragments/{step}" for step in ("business", "gateway", "meta", "page", "review")),
)
SENT = (
    "business",
    "preferences",
    "checks/gateway",
    "checks/meta",
    "checks/page",
    "plan",
    "plan/decision",
    "proof",
    "rollback",
    "device",
    "status/withdraw",
)
FORM = {"once": "1", "plan_hash": "0" * 64, "decision": "approve", "scope": "all", "gateway": "hotmart"}


@pytest.mark.parametrize("path", READ)
async def test_anothers_setup_is_not_there_to_be_read(seller: Seller, another: Seller, path: str) -> None:
    assert (await another.http.get(seller.at + path)).status_code == 404
    assert (await another.http.get(f"{paths.SETUPS}/{new_id()}{path}")).status_code == 404


@pytest.mark.parametrize("path", SENT)
async def test_anothers_setup_takes_no_form(seller: Seller, another: Seller, path: str) -> None:
    assert (await another.http.post(f"{seller.at}/{path}", data=FORM)).status_code == 404
    assert await seller.asked() == []


@pytest.mark.parametrize("path", SENT)
async def test_a_form_without_its_token_or_of_another_site_is_refused(seller: Seller, path: str) -> None:
    foreign = await seller.http.post(f"{seller.at}/{path}", data=FORM, headers={"Origin": "https://evil.example"})
    assert foreign.status_code == 403
    token = seller.http.headers.pop("X-CSRF-Token")
    assert (await seller.http.post(f"{seller.at}/{path}", data=FORM)).status_code == 403
    wrong = "0" * len(token)
    assert (await seller.http.post(f"{seller.at}/{path}", data={**FORM, "csrf": wrong})).status_code == 403
    assert await seller.asked() == []


async def test_who_is_not_signed_in_is_sent_to_sign_in(app: FastAPI, seller: Seller) -> None:
    async with browser(app) as nobody:
        answer = await nobody.get(f"{seller.at}/status")
        assert answer.status_code == 303
        assert answer.headers["location"].startswith(paths.SIGN_IN)
        live = await nobody.get(f"{seller.at}/fragments/review", headers={"HX-Request": "true"})
        assert live.status_code == 204


async def test_a_link_for_another_device_signs_in_there_once_and_leads_to_the_setup(
    app: FastAPI, seller: Seller
) -> None:
    assert "/sign-in/link/" not in (await seller.http.get(f"{seller.at}/device")).text
    shown = await seller.send("device", {})
    assert shown.status_code == 200
    assert shown.headers["cache-control"] == "no-store"
    found = re.search(r"(/sign-in/link/[\w-]+)", shown.text)
    assert found is not None
    drawn = shown.text.partition('<svg viewBox="0 0 49 49"')[2].partition("</svg>")[0]
    said = re.search(rf">(http[^<]*{found[1]})</pre>", shown.text)
    assert said is not None
    assert re.findall(r' d="([^"]+)"', drawn)[-1] in segno.make(said[1], error="m").svg_inline(border=4)
    assert "style" not in drawn
    assert 'role="img" aria-label="' in shown.text
    async with browser(app) as phone:
        used = await phone.post(found[1])
        assert (used.status_code, used.headers["location"]) == (303, seller.at)
        assert (await phone.get(seller.at)).status_code == 200
        assert (await phone.post(found[1])).status_code != 303
    late = re.search(r"(/sign-in/link/[\w-]+)", (await seller.send("device", {})).text)
    assert late is not None
    then = clock.now() + links.LIFE + timedelta(seconds=1)
    clock.set_source(lambda: then)
    async with browser(app) as phone:
        assert (await phone.post(late[1])).status_code != 303


async def test_our_own_people_get_no_such_link(support: Seller) -> None:
    assert f"{support.at}/device" not in await support.step("business")
    assert (await support.send("device", {})).status_code == 403


async def test_a_frame_of_another_site_shows_stages_and_nothing_of_anybody(app: FastAPI, seller: Seller) -> None:
    form = {"name": "Ana Sigilosa", "email": "ana.sigilosa@example.com", "consent_mode": "opt_out", "once": "1"}
    await seller.send("business", form)
    page = (await seller.http.get(f"{seller.at}/status")).text
    assert "&lt;iframe src=" in page
    found = re.search(rf"({paths.EMBED}/status/[\w.-]+)", page)
    assert found is not None
    async with browser(app) as nobody:
        answer = await nobody.get(found[1])
        live = await nobody.get(f"{found[1]}/live")
    assert (answer.status_code, live.status_code) == (200, 200)
    assert f"frame-ancestors {EMBEDDING}" in answer.headers["content-security-policy"]
    for said in (answer.text, live.text):
        assert "Plataforma conectada" in said
        assert "0 %" in said
        assert not any(
            word in said for word in ("Ana", "Cursos", "sigilosa", seller.setup_id.hex, str(seller.setup_id))
        )


async def test_a_frames_address_ends_and_cannot_be_made_up(app: FastAPI, seller: Seller) -> None:
    token, earlier = await _token(seller), _serializer().dumps(seller.setup_id.hex)
    another = token_of(SetupSession(id=new_id(), tenant_id=new_id(), created_by="test"))
    made_up = (another, token[:-2] + "xx", f"{seller.setup_id}", "x")
    async with browser(app) as nobody:
        for one in made_up:
            answer = await nobody.get(f"{paths.EMBED}/status/{one}")
            assert answer.status_code == 404, one
            assert "não é mais mostrado aqui" in answer.text
            for part in ("live", "events"):
                assert (await nobody.get(f"{paths.EMBED}/status/{one}/{part}")).status_code == 404
        for good in (token, earlier):  # given before there were withdrawals, too
            assert (await nobody.get(f"{paths.EMBED}/status/{good}")).status_code == 200
        then = clock.now() + LIFE + timedelta(minutes=1)
        clock.set_source(lambda: then)
        assert (await nobody.get(f"{paths.EMBED}/status/{token}")).status_code == 404


async def test_what_was_given_to_other_sites_is_withdrawn_and_their_streams_end(app: FastAPI, seller: Seller) -> None:
    token = await _token(seller)
    streams = Streams(app.state.settings.database_url, snapshot, Limits(recheck_seconds=0.05, poll_seconds=0.05))
    heard: list[ServerSentEvent] = []
    async with aclosing(_frames(streams, token, seller.setup_id, None)) as frames, asyncio.timeout(20):
        async for one in frames:
            heard.append(one)
            if len(heard) == 2:  # how to come back, and that it stands somewhere
                assert (await seller.send("status/withdraw", {})).status_code == 303
    await streams.stop()
    assert (heard[-1].event, heard[-1].data) == (EventType.END, '{"reason": "expired"}')
    fresh = await _token(seller)
    async with browser(app) as nobody:
        for given, status in ((token, 404), (fresh, 200)):
            assert (await nobody.get(f"{paths.EMBED}/status/{given}")).status_code == status
            assert (await nobody.get(f"{paths.EMBED}/status/{given}/live")).status_code == status


@pytest.mark.parametrize("end", ["taken away", "closed"])
async def test_whose_shop_was_taken_away_or_closed_hears_nothing_more_of_it(
    app: FastAPI, seller: Seller, end: str
) -> None:
    """Neither in the page that is open nor in a frame, though they are signed in still."""
    token = await _token(seller)
    app.state.streams.limits = Limits(recheck_seconds=0.1, poll_seconds=0.1)
    stream = asyncio.create_task(seller.http.get(f"{seller.at}/events"))
    await asyncio.sleep(0.5)
    assert not stream.done()
    async with transaction() as session:
        tenant = await session.get_one(Tenant, seller.tenant_id)
        if end == "closed":
            await closing.close(session, tenant.id, name=tenant.name, actor="test", now=clock.now())
        else:
            [theirs] = (await session.scalars(select(User).join(Membership))).all()
            await users.let_out(session, theirs, tenant.id, actor="test")
    async with asyncio.timeout(10):
        assert "event: state" in (await stream).text
    assert (await seller.http.get(paths.APP)).status_code == 200
    async with browser(app) as nobody:
        framed = await nobody.get(f"{paths.EMBED}/status/{token}")
    assert framed.status_code == (404 if end == "closed" else 200)


async def test_frames_of_other_sites_leave_a_shop_its_own_places() -> None:
    streams, shop = Streams("", snapshot, Limits(per_tenant=1, framed=1)), new_id()
    with streams.place(shop, is_framed=True):
        with pytest.raises(RateLimited), streams.place(shop, is_framed=True):
            pass
        with streams.place(shop):
            pass


async def _token(seller: Seller) -> str:
    """As the status page gives it."""
    found = re.search(rf"{paths.EMBED}/status/([\w.-]+)", (await seller.http.get(f"{seller.at}/status")).text)
    assert found is not None
    return found[1]


async def test_a_case_is_shown_with_who_has_it_since_when_and_until_when(app: FastAPI, seller: Seller) -> None:
    """In a frame of another site it is nobody by name."""
    at = datetime(2026, 11, 26, 13, tzinfo=UTC)  # ten in the morning in São Paulo
    clock.set_source(lambda: at)
    case = Case(app.state.settings, seller.tenant_id, seller.setup_id, "", now=at)
    handoff, _ = await case.open(Reason.MONEY_AT_RISK)
    token = await _token(seller)
    async with browser(app) as nobody:

        async def told() -> list[str]:
            page = (await seller.http.get(f"{seller.at}/status/live")).text
            return [page, (await nobody.get(f"{paths.EMBED}/status/{token}/live")).text]

        for said in await told():
            assert "Uma pessoa da nossa equipe foi chamada." in said
            assert re.search(r"Desde 10:00\.\s+Uma pessoa responde hoje até as 10:30", said)
        await case.do(handoffs.take, handoff.id, "Bia", now=at + timedelta(minutes=5))
        own, framed = await told()
        assert re.search(r"Bia, da nossa equipe.*</strong> Desde 10:05\.\s+Uma pessoa responde hoje até as 10:30", own)
        assert "Uma pessoa da nossa equipe está cuidando disso." in framed
        assert "Bia" not in framed
        clock.set_source(lambda: at + timedelta(hours=1))
        for said in await told():
            assert "notice bad" in said
            assert "Estamos atrasados em relação ao que prometemos" in said


async def test_the_status_says_how_far_it_is_and_what_comes_next(seller: Seller) -> None:
    page = (await seller.http.get(f"{seller.at}/status")).text
    assert "0 de 5 etapas concluídas" in page
    assert page.count('class="dot not_started"') == 5
    assert "Informe as credenciais" in page


async def test_a_seller_sees_their_shops_and_begins_a_setup_once(seller: Seller, another: Seller) -> None:
    first = await seller.http.post(paths.SETUPS, data={"tenant_id": str(seller.tenant_id)})
    again = await seller.http.post(paths.SETUPS, data={"tenant_id": str(seller.tenant_id)})
    assert first.headers["location"] == again.headers["location"] == seller.at
    await seller.send("business", {"name": "Ana", "email": "a@example.com", "consent_mode": "opt_in", "once": "1"})
    new = await seller.http.post(paths.SETUPS, data={"tenant_id": str(seller.tenant_id)})
    assert new.headers["location"] != seller.at
    page = (await seller.http.get(paths.APP)).text
    assert page.count('class="setup-row"') == 2
    assert seller.at in page
    assert another.at not in page


async def test_a_fragment_is_the_parts_that_change_and_no_page(seller: Seller) -> None:
    for step in ("business", "gateway", "meta", "page", "review"):
        answer = await seller.http.get(f"{seller.at}/fragments/{step}")
        assert answer.status_code == 200, step
        assert "<html" not in answer.text
        assert 'id="steps" data-region' in answer.text
    assert (await seller.http.get(f"{seller.at}/fragments/nothing")).status_code == 422


async def test_a_page_names_the_event_it_was_rendered_at(seller: Seller) -> None:
    assert 'data-seq="1"' in await seller.step("gateway")
