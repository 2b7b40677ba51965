"""The simulated page is set, refuses what it does not know, and works below another path."""

import httpx
import orjson
import pytest
from starlette.applications import Starlette
from starlette.routing import Mount

from evals.simulators.landing.app import create_app
from tests.landing.conftest import SCRIPT


@pytest.mark.parametrize("body", [b"", b"[]", b"1", b'{"fault":"x"}', b'{"unknown":1}', b'{"seconds":-1}', b"{"])
async def test_settings_it_does_not_know_are_refused_and_change_nothing(
    control: httpx.AsyncClient, body: bytes
) -> None:
    before = (await control.get("/_control/page")).json()
    for method in ("PUT", "PATCH"):
        assert (await control.request(method, "/_control/page", content=body)).status_code == 422
    assert (await control.get("/_control/page")).json() == before


async def test_put_sets_all_and_patch_what_it_names(control: httpx.AsyncClient) -> None:
    await control.patch("/_control/page", json={"fault": "not-found", "pixel_id": "1"})
    assert (await control.get("/ok")).status_code == 404
    assert SCRIPT.encode() in (await control.get("/page")).content
    await control.put("/_control/page", json={})
    said = (await control.get("/_control/page")).json()
    assert (said["script"], said["fault"], said["pixel_id"]) == ("", None, "123456789012345")
    assert (await control.get("/nothing")).status_code == 404


async def test_below_another_path_its_redirects_stay_below_it() -> None:
    app = Starlette(routes=[Mount("/_landing", create_app())])
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://sim.example", follow_redirects=True) as client:
        for path, end in (("redirects", "page"), ("to-login", "entrar"), ("trailing-slash", "trailing-slash/")):
            answer = await client.get(f"/_landing/{path}")
            assert (answer.status_code, answer.url.path) == (200, f"/_landing/{end}")
        assert (await client.get("/_landing/loop", follow_redirects=False)).headers["location"] == "/_landing/loop"


async def test_the_bomb_is_what_it_says() -> None:
    transport = httpx.ASGITransport(app=create_app())
    async with httpx.AsyncClient(transport=transport, base_url="http://sim.example") as client:
        await client.patch("/_control/page", content=orjson.dumps({"megabytes": 3}))
        answer = await client.get("/bomb")
    assert (len(answer.content), set(answer.content)) == (3 * 1024 * 1024, {0})
    assert int(answer.headers["content-length"]) < 10_000
