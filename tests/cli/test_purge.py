"""``hub privacy purge`` beside a worker."""

import asyncio
import json

import psycopg
from typer.testing import CliRunner, Result

from api.cli import app
from tracking_core.settings import Settings

_TURN = "SELECT pg_advisory_lock(hashtext('privacy_requests'), hashtext(%s))"
_STATE = "SELECT state FROM privacy_requests WHERE id = %s"


def _hub(*arguments: str) -> Result:
    return CliRunner().invoke(app, [*arguments, "--json"], input="maria@example.com\n", catch_exceptions=False)


async def test_it_waits_while_a_worker_has_the_turn(settings: Settings) -> None:
    made = json.loads((await asyncio.to_thread(_hub, "tenant", "create", "--name", "Loja")).stdout)
    who = ("--tenant", made["tenant_id"], "--kind", "email")
    plan = json.loads((await asyncio.to_thread(_hub, "privacy", "plan", *who)).stdout)
    approved = ("--plan", plan["plan_hash"], "--approved-by", "Olga")
    url = settings.database_url.replace("+psycopg", "")
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as worker:
        await worker.execute(_TURN, [plan["request_id"]])
        purge = asyncio.create_task(asyncio.to_thread(_hub, "privacy", "purge", *who, *approved))
        while await (await worker.execute(_STATE, [plan["request_id"]])).fetchone() != ("running",):
            await asyncio.wait([purge], timeout=0.02)
        await asyncio.wait([purge], timeout=0.3)
        assert not purge.done()
    done = await purge
    assert (done.exit_code, json.loads(done.stdout)["state"]) == (0, "done")
    again = json.loads((await asyncio.to_thread(_hub, "privacy", "plan", *who)).stdout)
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as worker:
        await worker.execute(_TURN, [again["request_id"]])
        late = await asyncio.to_thread(
            _hub, "privacy", "purge", *who, "--plan", again["plan_hash"], "--approved-by", "Olga", "--wait", "0"
        )
    assert (late.exit_code, json.loads(late.stdout)["state"]) == (1, "running")
