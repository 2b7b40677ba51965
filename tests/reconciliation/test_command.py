"""``hub reconcile``: read, compare, and exit as cron needs it."""

import asyncio
import json
from typing import Any

from typer.testing import CliRunner

from api.cli import app
from tests.reconciliation.shop import Shop
from tracking_core.db.engine import dispose


async def command(*arguments: str) -> tuple[int, list[dict[str, Any]]]:
    """In a thread, for a command has a loop of its own; its exit code and its lines."""
    await dispose()
    ran = await asyncio.to_thread(CliRunner().invoke, app, ["reconcile", *arguments, "--json"], catch_exceptions=False)
    return ran.exit_code, [json.loads(line) for line in ran.stdout.splitlines() if line.startswith("{")]


async def test_days_that_nobody_read_are_no_good_days(shop: Shop) -> None:
    await dispose()
    ran = await asyncio.to_thread(CliRunner().invoke, app, ["reconcile", "report", "--from", "2026-11-01"])
    assert (ran.exit_code, ran.stdout) == (1, "")
    assert ran.stderr.startswith("Nothing was read of 2026-11-01 to ")
    assert ran.stderr.count("\n") == 1


async def test_the_command_reads_compares_and_tells_by_its_exit_code(shop: Shop) -> None:
    shop.vendors.sold("kiwify", "HP1")
    await shop.reconciled("kiwify")
    endpoint = ("--endpoint", str(shop.endpoints["kiwify"]))

    code, (run,) = await command("run", *endpoint)
    assert (code, run["state"], run["found"], run["known"], run["differences"]) == (0, "done", 1, 1, 0)
    code, days = await command("report", *endpoint)
    assert (code, {day["is_equal"] for day in days}) == (0, {True})

    await shop.change("UPDATE conversions SET amount = amount + 1")
    code, days = await command("report", "--tenant", str(shop.pipeline.tenant_id))
    assert (code, [one["difference"]["reason"] for day in days for one in day["differences"]]) == (
        1,
        ["amount_differs"],
    )
