"""Whose pages these are: nobody else's, no other site's, and what a link or a frame lets see."""

import re
from datetime import timedelta

import pytest
from fastapi import FastAPI

from api.ui import paths
from api.ui.status.tokens import LIFE, token_of
from tests.ui.conftest import browser
from tests.ui_setup.conftest import Seller
from tests.ui_setup.running import EMBEDDING
from tracking_core.kit import clock
from tracking_core.kit.ids import new_id

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
    async with browser(app) as phone:
        used = await phone.post(found[1])
        assert (used.status_code, used.headers["location"]) == (303, seller.at)
        assert (await phone.get(seller.at)).status_code == 200
        assert (await phone.post(found[1])).status_code != 303


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
    token = token_of(seller.setup_id)
    made_up = (token_of(new_id()), token[:-2] + "xx", f"{seller.setup_id}", "x")
    async with browser(app) as nobody:
        for one in made_up:
            answer = await nobody.get(f"{paths.EMBED}/status/{one}")
            assert answer.status_code == 404, one
            assert "não é mais mostrado aqui" in answer.text
            for part in ("live", "events"):
                assert (await nobody.get(f"{paths.EMBED}/status/{one}/{part}")).status_code == 404
        assert (await nobody.get(f"{paths.EMBED}/status/{token}")).status_code == 200
        then = clock.now() + LIFE + timedelta(minutes=1)
        clock.set_source(lambda: then)
        assert (await nobody.get(f"{paths.EMBED}/status/{token}")).status_code == 404


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
