"""Over HTTP: sent, read, deleted; within limits; by its owner alone."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import timedelta
from uuid import UUID, uuid4

import httpx
import pytest
from fastapi import FastAPI, Request
from sqlalchemy import func
from sqlmodel import select

from api.app import create_app
from api.limits import Allowance, Limits
from tests.screenshots import pictures
from tests.screenshots.conftest import Seller
from tracking_core.db.engine import engine, transaction
from tracking_core.kit import clock
from tracking_core.models import ScreenshotState, SetupScreenshot, SetupSession
from tracking_core.screenshots import service
from tracking_core.screenshots.decode import PNG_MAGIC, Picture
from tracking_core.screenshots.errors import ScreenshotsFull
from tracking_core.settings import Settings
from tracking_core.setup import sessions

MEGABYTE = 1 << 20


async def test_a_screenshot_is_sent_read_and_deleted(seller: Seller) -> None:
    sent = await seller.send(pictures.photo_with_place(), headers={"X-File-Name": "meu token.png"})
    assert sent.status_code == 201, sent.text
    told = sent.json()
    assert set(told) == {"screenshot_id", "width", "height", "bytes", "state", "expires_at"}
    assert (told["width"], told["height"], told["state"]) == (200, 320, "kept")
    read = await seller.ask("GET", f"/{told['screenshot_id']}")
    assert (read.status_code, len(read.content)) == (200, told["bytes"])
    assert pictures.opened(read.content).size == (200, 320)
    gone = await seller.ask("DELETE", f"/{told['screenshot_id']}")
    assert (gone.status_code, gone.json()["state"]) == (200, "discarded")
    assert (await seller.ask("DELETE", f"/{told['screenshot_id']}")).json() == gone.json()
    after = await seller.ask("GET", f"/{told['screenshot_id']}")
    assert (after.status_code, after.json()["code"]) == (410, "screenshot_gone")


async def test_a_picture_is_a_download_that_nothing_keeps_and_nothing_runs(seller: Seller) -> None:
    headers = (await seller.ask("GET", f"/{await seller.keep()}")).headers
    assert headers["content-type"] == "image/png"
    assert headers["content-disposition"] == 'attachment; filename="screenshot.png"'
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cache-control"] == "no-store"
    assert "sandbox" in headers["content-security-policy"]
    assert "default-src 'none'" in headers["content-security-policy"]


async def test_the_seller_is_told_what_to_do_and_nothing_is_kept(seller: Seller) -> None:
    for data, code, said in (
        (b"", "screenshot_empty", "vazio"),
        (b"<script>", "screenshot_not_an_image", "não é uma imagem"),
        (pictures.encoded(pictures.screen(), "GIF"), "screenshot_format", "Arquivos GIF não são aceitos"),
        (pictures.png_declaring(8_001, 10, b""), "screenshot_dimensions", "20 milhões, com até 8000"),
        (pictures.moving("PNG"), "screenshot_frames", "animada"),
        (pictures.png()[:100], "screenshot_damaged", "danificado"),
    ):
        answer = await seller.send(data, headers={"Content-Type": "image/png", "X-File-Name": "tela.png"})
        assert (answer.status_code, answer.json()["code"]) == (422, code)
        assert said in answer.json()["detail"]
    assert await count(seller) == 0


async def test_a_body_is_read_no_further_than_its_limit(seller: Seller) -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while True:
            sent += 65_536
            yield pictures.png().ljust(65_536, b"\0")

    answer = await seller.send(endless(), headers={"Content-Length": "10"})
    assert (answer.status_code, answer.json()["code"]) == (413, "screenshot_too_large")
    assert "5 MB" in answer.json()["detail"]
    assert 5 * MEGABYTE < sent <= 5 * MEGABYTE + 2 * 65_536


async def test_a_body_that_says_it_is_too_large_is_not_read_at_all(seller: Seller) -> None:
    async def unread() -> AsyncIterator[bytes]:
        raise AssertionError("it was read")
        yield b""

    answer = await seller.send(unread(), headers={"Content-Length": str(6 * MEGABYTE)})
    assert (answer.status_code, answer.json()["code"]) == (413, "screenshot_too_large")


async def test_a_body_between_the_common_limit_and_a_pictures_own_is_taken(seller: Seller) -> None:
    large = pictures.png() + bytes(3 * MEGABYTE)
    assert (await seller.send(large)).status_code == 201


async def test_the_application_takes_one_too(seller: Seller, database: Settings) -> None:
    transport = httpx.ASGITransport(create_app(database), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        sent = await replace(seller, client=client).send(pictures.png() + bytes(3 * MEGABYTE))
    assert sent.status_code == 201, sent.text


async def test_the_common_limit_holds_for_every_other_path(seller: Seller, app: FastAPI) -> None:
    @app.post("/api/v1/setup/sessions/{session_id}/screenshots/{more}")
    async def swallow(more: str, request: Request) -> int:
        return len(await request.body())

    assert (await seller.ask("POST", "/more", content=bytes(MEGABYTE))).json() == MEGABYTE
    assert (await seller.ask("POST", "/more", content=bytes(MEGABYTE + 1))).status_code == 413


async def test_nothing_is_locked_while_a_body_comes(seller: Seller) -> None:
    seen: list[int] = []

    async def slow() -> AsyncIterator[bytes]:
        for half in (pictures.png()[:200], pictures.png()[200:]):
            seen.append(engine().pool.checkedout())  # type: ignore[attr-defined]
            yield half

    assert (await seller.send(slow())).status_code == 201
    assert seen == [0, 0]


async def test_five_a_minute_even_at_the_same_moment(seller: Seller) -> None:
    answers = await asyncio.gather(*(seller.send(pictures.png(10 + size, 10)) for size in range(8)))
    refused = [one for one in answers if one.status_code == 429]
    assert (len(answers) - len(refused), {one.json()["code"] for one in refused}) == (5, {"screenshots_too_often"})
    assert 1 <= int(refused[0].headers["retry-after"]) <= 60
    now = clock.now()
    clock.set_source(lambda: now + timedelta(seconds=61))
    assert (await seller.send(pictures.png())).status_code == 201


async def test_twenty_are_kept_and_one_that_is_deleted_or_over_makes_room(seller: Seller) -> None:
    async def keep(at: int) -> UUID:
        clock.set_source(lambda: now + timedelta(minutes=at))
        async with transaction() as session:
            owner = await session.get_one(SetupSession, seller.session_id)
            return (await service.keep(session, owner, Picture(PNG_MAGIC, 1, 1), actor="test")).id

    now = clock.now()
    kept = [await keep(minute) for minute in range(service.KEPT_PER_SESSION)]
    full = await seller.send(pictures.png())
    assert (full.status_code, full.json()["code"]) == (409, "screenshots_full")
    assert "20" in full.json()["detail"]
    await seller.ask("DELETE", f"/{kept[0]}")
    await keep(service.KEPT_PER_SESSION)
    with pytest.raises(ScreenshotsFull):
        await keep(service.KEPT_PER_SESSION + 1)
    await keep(30 * 24 * 60 + 2)  # two that were not swept yet are over


async def test_junk_is_bounded_too(seller: Seller, app: FastAPI) -> None:
    app.state.allowance = Allowance(Limits(actions_per_minute=3))
    answers = [await seller.send(b"junk") for _ in range(4)]
    assert [one.status_code for one in answers] == [422, 422, 422, 429]


async def test_a_picture_is_its_tenants_and_its_sessions_alone(seller: Seller) -> None:
    other = await Seller.signed_up(seller.client)
    mine = await seller.keep()
    async with transaction() as session:
        second = await sessions.create(session, seller.tenant_id, caller=seller.tenant_id, actor="test")
    for method in ("GET", "DELETE"):
        assert (await other.ask(method, f"/{mine}", at=seller.session_id)).status_code == 403
        assert (await other.ask(method, f"/{mine}")).status_code == 404
        assert (await seller.ask(method, f"/{mine}", at=second.id)).status_code == 404
        assert (await seller.ask(method, f"/{uuid4()}")).status_code == 404
        assert (await seller.ask(method, f"/{mine}", headers={"Authorization": "Bearer nobody"})).status_code == 401
    assert (await other.ask("POST", "", at=seller.session_id, content=pictures.png())).status_code == 403
    assert (await seller.row(mine)).state == ScreenshotState.KEPT
    assert await count(other) == 0


async def test_nothing_of_a_picture_stands_in_clear(seller: Seller, rows: Callable[[], bytes]) -> None:
    sent = await seller.send(pictures.png(), headers={"X-File-Name": "loja-da-maria.png"})
    row = await seller.row(UUID(sent.json()["screenshot_id"]))
    picture = (await seller.ask("GET", f"/{row.id}")).content
    assert row.sealed is not None
    assert not any(part in row.sealed for part in (PNG_MAGIC, b"IHDR", b"IDAT", b"IEND", picture[40:80]))
    assert b"maria" not in rows()
    await seller.ask("DELETE", f"/{row.id}")
    assert (await seller.row(row.id)).sealed is None


async def count(seller: Seller) -> int:
    async with transaction() as session:
        query = select(func.count()).where(SetupScreenshot.session_id == seller.session_id)
        return int(await session.scalar(query) or 0)
