"""A seller is told that their shop was closed, wherever they look for it; nobody else learns of it."""

import json

from typer.testing import CliRunner

from api.cli import app as hub
from tests.pipeline.conftest import Shop
from tests.reporting.conftest import ANA, ana, beto
from tests.ui_operations.conftest import Enter, app, enter
from tracking_core.db.engine import transaction
from tracking_core.kit import clock
from tracking_core.models import Role
from tracking_core.setup import sessions
from tracking_core.tenants import closing

__all__ = ["ana", "app", "beto", "enter"]
CLOSED = "This shop was closed here."


async def test_the_pages_of_a_closed_shop_say_so_to_its_seller_alone(ana: Shop, beto: Shop, enter: Enter) -> None:
    hers, other = await enter(Role.SELLER, ana), await enter(Role.SELLER, beto)
    async with transaction() as session:
        setup = await sessions.create(session, ana.tenant_id, caller=ana.tenant_id, actor="test")
        setup_id = setup.id
    async with transaction() as session:
        await closing.close(session, ana.tenant_id, name=ANA, actor="test", now=clock.now())
    home = await hers.get("/app")
    assert (home.status, f"{ANA} was closed here" in home.text) == (200, True)
    for path in ("/app/sales", f"/app/sales?tenant_id={ana.tenant_id}", f"/app/setups/{setup_id}"):
        page = await hers.get(path)
        assert (path, page.status, CLOSED in page.text) == (path, 410, True)
    for path in (f"/app/sales?tenant_id={ana.tenant_id}", f"/app/setups/{setup_id}"):
        assert (path, (await other.get(path)).status) == (path, 404)
    assert ANA not in (await other.get("/app")).text


def test_the_command_shows_the_plan_and_closes_only_by_name(settings: object) -> None:
    def says(*words: str) -> str:
        return CliRunner().invoke(hub, ["tenant", *words, "--json"]).stdout

    tenant = json.loads(says("create", "--name", "Loja"))["tenant_id"]
    planned = json.loads(says("close", "--tenant", tenant))
    assert (planned["is_closed"], planned["has_key"], planned["ends"]["write_and_secret_keys"]) == (False, True, 2)
    assert says("close", "--tenant", tenant, "--confirm", "loja") == ""
    closed = json.loads(says("close", "--tenant", tenant, "--confirm", "Loja"))
    assert closed["is_closed"]
    assert json.loads(says("close", "--tenant", tenant))["has_key"] is False
