"""Staff keys: shown once, known by their hash, ended at once."""

import asyncio
import json

import psycopg
import pytest
from typer.testing import CliRunner

from api.cli import app
from tests.secrets import search
from tracking_core.db.engine import transaction
from tracking_core.errors import NotFound
from tracking_core.i18n import translate
from tracking_core.kit import clock
from tracking_core.kit.ids import new_id
from tracking_core.models import StaffRole
from tracking_core.settings import Settings
from tracking_core.staff import service as staff
from tracking_core.staff.errors import StaffKeyUnknown, StaffNameTaken
from tracking_core.staff.service import NewStaffKey


async def _made(name: str = "Bia", role: StaffRole = StaffRole.SUPPORT) -> NewStaffKey:
    async with transaction() as session:
        return await staff.create(session, name, role, actor="test")


async def _who(key: str) -> tuple[str, str]:
    async with transaction() as session:
        row = await staff.by_key(session, key)
    return row.name, row.role


async def test_a_key_says_who_it_is_and_stands_in_no_table(database: Settings) -> None:
    made = await _made(role=StaffRole.OPERATOR)
    assert made.key.startswith("sk_staff_")
    assert await _who(made.key) == ("Bia", "operator")
    assert made.key not in repr(made)
    with psycopg.connect(database.database_url.replace("+psycopg", "")) as connection:
        held = b"\n".join(content for _, content in search.tables(connection))
    assert b"staff_key.created" in held
    assert made.key.encode() not in held


@pytest.mark.parametrize("key", ["", "sk_staff_", "sk_staff_wrong", "sk_hub_other", "sk_staff_\ud800"])
async def test_any_other_key_opens_nothing(database: Settings, key: str) -> None:
    await _made()
    with pytest.raises(StaffKeyUnknown):
        await _who(key)


async def test_revoked_it_opens_nothing_and_its_name_is_free(database: Settings) -> None:
    made = await _made()
    for _ in range(2):
        async with transaction() as session:
            await staff.revoke(session, made.row.id, actor="test", now=clock.now())
    with pytest.raises(StaffKeyUnknown):
        await _who(made.key)
    assert await _who((await _made()).key) == ("Bia", "support")


async def test_two_people_do_not_share_a_name(database: Settings) -> None:
    made = await asyncio.gather(*(_made() for _ in range(4)), return_exceptions=True)
    assert sorted(type(one).__name__ for one in made) == ["NewStaffKey", *["StaffNameTaken"] * 3]
    with pytest.raises(StaffNameTaken):
        await _made()


async def test_a_key_that_is_none_cannot_be_revoked(database: Settings) -> None:
    with pytest.raises(NotFound):
        async with transaction() as session:
            await staff.revoke(session, new_id(), actor="test", now=clock.now())


def test_the_command_makes_and_ends_a_key(settings: Settings) -> None:
    run = CliRunner().invoke
    made = json.loads(run(app, ["staff", "key", "create", "--name", "Bia", "--role", "operator", "--json"]).stdout)
    assert (made["name"], made["role"], made["key"][:9]) == ("Bia", "operator", "sk_staff_")
    ended = json.loads(run(app, ["staff", "key", "revoke", "--id", made["id"], "--json"]).stdout)
    assert ended["revoked_at"]
    assert "key" not in ended
    assert run(app, ["staff", "key", "create", "--name", "Caio", "--role", "boss"]).exit_code == 2


def test_its_errors_are_translated() -> None:
    assert all(translate(one.message) != one.message for one in (StaffKeyUnknown, StaffNameTaken))
