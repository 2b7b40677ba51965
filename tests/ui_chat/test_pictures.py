"""Screenshots of the chat's pages, over HTTP."""

import re

import httpx
import pytest
from fastapi import FastAPI

from api.ui.chat import pages
from tests.screenshots import pictures
from tests.ui.conftest import ORIGIN
from tests.ui_chat.conftest import Seller
from tracking_core.kit.ids import new_id
from tracking_core.settings import Settings

ONE = ("tela.png", pictures.png(), "image/png")


async def _kept(seller: Seller) -> str:
    answer = await seller.http.post(
        f"{seller.at}/chat/screenshots", content=pictures.png(), headers={"Content-Type": "image/png"}
    )
    assert answer.status_code == 201, answer.text
    return str(answer.json()["screenshot_id"])


async def test_a_picture_is_kept_attached_and_shown_in_its_place(seller: Seller, support: Seller) -> None:
    kept = await _kept(seller)
    said = (await seller.say("veja", attachments=[kept])).text
    address = f"{seller.at}/chat/screenshots/{kept}"
    assert f'<img src="{address}" width="320" height="200"' in said
    for reader in (seller, support):
        shown = await reader.http.get(address)
        assert shown.status_code == 200
        assert pictures.opened(shown.content).size == (320, 200)
        assert shown.headers["content-type"] == "image/png"
        assert shown.headers["content-disposition"].startswith("inline")
        assert shown.headers["x-content-type-options"] == "nosniff"
        assert shown.headers["cache-control"] == "no-store"


async def test_nothing_in_a_picture_runs(app: FastAPI, seller: Seller) -> None:
    """As the route sends it."""
    kept = await _kept(seller)
    alone = FastAPI()
    alone.state.settings = app.state.settings
    alone.include_router(pages.router)
    transport = httpx.ASGITransport(alone)
    async with httpx.AsyncClient(transport=transport, base_url=ORIGIN, cookies=seller.http.cookies) as http:
        shown = await http.get(f"{seller.at}/chat/screenshots/{kept}")
    assert shown.headers["content-security-policy"] == "default-src 'none'; sandbox"


async def test_a_form_sends_its_files_with_the_words(seller: Seller) -> None:
    files = [("pictures", ONE), ("pictures", ("", b"", "application/octet-stream")), ("pictures", ONE)]
    answer = await seller.http.post(f"{seller.at}/chat", data={"text": "duas telas"}, files=files)
    assert answer.status_code == 303
    page = await seller.page()
    assert page.count('<a class="chat-picture"') == 2
    assert "duas telas" in page


async def test_a_file_of_a_form_is_kept_alone_too(seller: Seller) -> None:
    answer = await seller.http.post(f"{seller.at}/chat/screenshots", files={"pictures": ONE})
    assert answer.status_code == 201
    none = await seller.http.post(f"{seller.at}/chat/screenshots", files={"another": ONE})
    assert none.status_code == 422


async def test_a_picture_that_was_deleted_is_gone_everywhere(seller: Seller) -> None:
    kept = await _kept(seller)
    for _ in range(2):
        assert (await seller.http.delete(f"{seller.at}/chat/screenshots/{kept}")).status_code == 204
    gone = await seller.http.get(f"{seller.at}/chat/screenshots/{kept}")
    assert gone.status_code == 410
    refused = await seller.http.post(f"{seller.at}/chat", json={"text": "veja", "attachments": [kept]})
    assert (refused.status_code, "não tem uma captura" in refused.text) == (422, True)
    later = await _kept(seller)
    await seller.say("veja", attachments=[later])
    await seller.http.delete(f"{seller.at}/chat/screenshots/{later}")
    page = await seller.page()
    assert "foi apagada" in page
    assert later not in re.sub(r"<template.*?</template>", "", page)


async def test_a_picture_of_another_setup_is_neither_attached_nor_shown_nor_deleted(
    seller: Seller, another: Seller
) -> None:
    theirs = await _kept(another)
    refused = await seller.http.post(f"{seller.at}/chat", json={"text": "veja", "attachments": [theirs]})
    assert refused.status_code == 422
    assert "não tem uma captura" in refused.text
    for method in ("GET", "DELETE"):
        assert (await seller.http.request(method, f"{seller.at}/chat/screenshots/{theirs}")).status_code == 404
    assert (await another.http.get(f"{another.at}/chat/screenshots/{theirs}")).status_code == 200


async def test_our_own_people_delete_nothing(seller: Seller, support: Seller) -> None:
    kept = await _kept(seller)
    assert (await support.http.delete(f"{seller.at}/chat/screenshots/{kept}")).status_code == 403


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", "Arquivos SVG não são aceitos"),
        (b"<script>alert(1)</script>", "não é uma imagem"),
        (pictures.png()[:100], "danificado"),
        (b"", "vazio"),
    ],
)
async def test_what_is_no_picture_is_refused_in_words(seller: Seller, data: bytes, sentence: str) -> None:
    raw = await seller.http.post(
        f"{seller.at}/chat/screenshots", content=data, headers={"Content-Type": "image/png", "HX-Request": "true"}
    )
    assert (raw.status_code, sentence in raw.text) == (422, True)
    if data:
        form = await seller.http.post(
            f"{seller.at}/chat", data={"text": "oi"}, files={"pictures": ("tela.png", data, "image/png")}
        )
        assert (form.status_code, sentence in form.text) == (422, True)
    assert "<li" not in await seller.news(0)


async def test_what_is_too_large_or_too_much_is_refused_in_words(seller: Seller, database: Settings) -> None:
    large = pictures.png().ljust(database.screenshot_max_bytes + 1, b"\0")
    for request in (
        {"content": large, "headers": {"Content-Type": "image/png"}},
        {"files": {"pictures": ("tela.png", large, "image/png")}},
    ):
        answer = await seller.http.post(f"{seller.at}/chat/screenshots", **request)
        assert (answer.status_code, "mais de 5 MB" in answer.text) == (413, True)
    many = await seller.http.post(f"{seller.at}/chat", data={"text": "oi"}, files=[("pictures", ONE)] * 6)
    assert (many.status_code, "no máximo 5 imagens" in many.text) == (422, True)
    assert "<li" not in await seller.news(0)
    assert (await seller.http.get(f"{seller.at}/chat/screenshots/{new_id()}")).status_code == 404
