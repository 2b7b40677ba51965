"""Channels over the API, by a tenant's key and by an operator's, and on the command line."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import httpx
import pytest
from typer.testing import CliRunner

from api.app import create_app
from api.cli import app as command
from tests.alert_channels.receiver import Receiver
from tracking_core.db.engine import dispose, transaction
from tracking_core.models import StaffRole
from tracking_core.settings import Settings, get_settings
from tracking_core.staff import service as staff
from tracking_core.tenants import service as tenants

CHANNELS, ALL = "/api/v1/alert-channels", "/api/v1/operations/alert-channels"


@pytest.fixture
async def client(hub: Settings) -> AsyncIterator[httpx.AsyncClient]:
    app = create_app(hub)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://hub") as client,
    ):
        yield client


async def test_a_tenant_keeps_channels_of_its_own_and_an_operator_keeps_everybodys(
    client: httpx.AsyncClient, receiver: Receiver
) -> None:
    async with transaction() as session:
        ana, beto = [await tenants.create(session, name, actor="test") for name in ("Ana", "Beto")]
        olga = await staff.create(session, "Olga", StaffRole.OPERATOR, actor="test")
        bia = await staff.create(session, "Bia", StaffRole.SUPPORT, actor="test")
    keys = {"ana": ana.secret_key, "beto": beto.secret_key, "olga": olga.key, "bia": bia.key}

    async def call(who: str, method: str, path: str, **body: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {keys[who]}", "Accept-Language": "en"}
        return await client.request(method, path, headers=headers, json=body or None)

    added = await call("ana", "POST", CHANNELS, kind="webhook", target=receiver.url(), min_severity="page")
    assert (added.status_code, added.json()["is_proved"]) == (201, False)
    assert added.json()["secret"].startswith("whsec_")
    place = f"{CHANNELS}/{added.json()['id']}"
    receiver.answers = [(503, {})]
    tested = (await call("ana", "POST", f"{place}/test")).json()
    assert (tested["status"], tested["code"]) == ("failed", "http_503")
    assert tested["message"] == "The receiver has a fault of its own."
    assert (await call("ana", "POST", f"{place}/test")).json()["channel"]["is_proved"] is True
    [shown] = (await call("ana", "GET", CHANNELS)).json()["items"]
    assert shown["min_severity"] == "page"
    assert "secret" not in shown
    assert receiver.url() not in json.dumps(shown)
    for who, method, status in (("beto", "DELETE", 404), ("beto", "PATCH", 404), ("olga", "DELETE", 401)):
        assert (
            await call(who, method, place, **({"enabled": False} if method == "PATCH" else {}))
        ).status_code == status
    for who, path, status in (("bia", ALL, 403), ("ana", ALL, 401), ("olga", f"{ALL}?tenant_id={ana.tenant_id}", 200)):
        assert (await call(who, "GET", path)).status_code == status
    hubs = await call("olga", "POST", ALL, kind="slack", target=receiver.url())
    assert (hubs.status_code, hubs.json()["tenant_id"], hubs.json()["secret"]) == (201, None, None)
    refused = await call("ana", "POST", CHANNELS, kind="slack", target="http://planted.internal/x")
    assert (refused.status_code, refused.json()["code"]) == (422, "alert_channel_target_refused")
    assert "planted" not in refused.text
    assert (await call("ana", "PATCH", place, enabled=False)).json()["enabled"] is False
    assert (await call("ana", "DELETE", place)).status_code == 204
    assert (await call("ana", "GET", CHANNELS)).json()["items"] == []
    assert len((await call("olga", "GET", ALL)).json()["items"]) == 1


def test_on_the_command_line_the_address_is_read_from_standard_input(
    settings: Settings, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HUB_PROBE_TRUSTED_ORIGINS", json.dumps([receiver.origin]))
    get_settings.cache_clear()

    async def tenant() -> UUID:
        async with transaction() as session:
            made = await tenants.create(session, "Loja", actor="test")
        await dispose()
        return made.tenant_id

    mine = ("--tenant", str(asyncio.run(tenant())), "--json")

    def run(*arguments: str, given: str = "", status: int = 0) -> Any:
        ran = CliRunner().invoke(command, ["alerts", "channel", *arguments, *mine], input=given)
        assert ran.exit_code == status, ran.output
        assert receiver.url() not in ran.output
        return json.loads(ran.stdout) if ran.stdout else None

    added = run("add", "slack", "--least", "page", given=f"{receiver.url()}\n")
    assert added["hint"] == "127.0.0.1/…hook"
    receiver.answers = [(410, {})]
    assert run("test", added["id"], status=1)["code"] == "http_410"
    assert run("test", added["id"])["status"] == "sent"
    [listed] = run("list")
    assert (listed["min_severity"], listed["is_proved"]) == ("page", True)
    ran = CliRunner().invoke(command, ["alerts", "channel", "remove", added["id"], *mine[:2]])
    assert ran.exit_code == 0, ran.output
    assert run("list") == []
    empty = CliRunner().invoke(command, ["alerts", "channel", "add", "email", *mine], input="\n")
    assert "nothing came" in str(empty.exception)
