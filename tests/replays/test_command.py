"""``hub dead-letters replay``, looked at before it is done."""

import asyncio
import json
from typing import Any
from uuid import UUID

import pytest
from typer.testing import CliRunner

from api.cli import app
from tests.pipeline.conftest import ScriptedMeta, Shop
from tests.replays.letters import bury
from tracking_core.db.engine import dispose, transaction
from tracking_core.settings import Settings
from tracking_core.tenants import service as tenants


@pytest.fixture
def tenant(settings: Settings) -> UUID:
    async def make() -> UUID:
        async with transaction() as session:
            made = await tenants.create(session, "Loja", actor="test")
            connection = await tenants.connect_meta(session, made.tenant_id, "1", "EAAtoken", actor="test")
        await bury(Shop(settings, ScriptedMeta(), made.tenant_id, connection.id), 2)
        await dispose()
        return made.tenant_id

    return asyncio.run(make())


def run(*arguments: str) -> dict[str, Any]:
    ran = CliRunner().invoke(app, ["dead-letters", "replay", *arguments], catch_exceptions=False)
    assert ran.exit_code == 0, ran.output
    said: dict[str, Any] = json.loads(ran.stdout)
    return said


def test_a_preview_changes_nothing_and_what_it_saw_is_replayed(tenant: UUID) -> None:
    mine = ("--tenant", str(tenant))
    shown = run(*mine, "--preview", "--reason", "payload")
    assert (shown["found"], shown["replayable"]) == (2, 2)
    assert run(*mine, "--seen-until", "2020-01-01T00:00:00Z")["replayed"] == 0
    done = run(*mine, "--seen-until", shown["seen_until"])
    assert (done["replayed"], done["too_late"], done["is_finished"]) == (2, 0, True)
    assert run(*mine)["replayed"] == 0


@pytest.mark.parametrize("wrong", [("--reason", "a%"), ("--seen-until", "yesterday")])
def test_what_cannot_be_read_is_said_and_replays_nothing(tenant: UUID, wrong: tuple[str, str]) -> None:
    ran = CliRunner().invoke(app, ["dead-letters", "replay", "--tenant", str(tenant), *wrong])
    assert (ran.exit_code, ran.exception is None or isinstance(ran.exception, SystemExit)) == (2, True)
    assert run("--tenant", str(tenant), "--preview")["found"] == 2
