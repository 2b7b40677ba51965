"""Worker processes that apply or undo one action and die at the named point.

Run as a module it reads an order (one JSON line), starts a process for it, and says its number; told to go on, it lets
the process begin, and says how it ended. It imports everything once and starts processes by forking.
"""

import asyncio
import os
import signal
import sys
from typing import Any
from uuid import UUID

import orjson

from tracking_core.configuration.apply import ApplyContext, apply_action
from tracking_core.configuration.plan import Plan
from tracking_core.configuration.registering import ApiRegistrar
from tracking_core.configuration.undo import undo_action
from tracking_core.settings import get_settings


def _context(order: dict[str, Any]) -> ApplyContext:
    def checkpoint(point: str) -> None:
        if point == order["point"]:
            os.kill(os.getpid(), signal.SIGKILL)

    return ApplyContext(
        session_id=UUID(order["session_id"]),
        tenant_id=UUID(order["tenant_id"]),
        fence=order["fence"],
        actor="seller:ana",
        settings=get_settings(),
        registrar=ApiRegistrar(get_settings()),
        checkpoint=checkpoint,
    )


async def _carry_out(order: dict[str, Any]) -> None:
    context = _context(order)
    if "undo" in order:
        await undo_action(context, UUID(order["undo"]))
    else:
        await apply_action(context, Plan.from_json(order["plan"]), order["position"])


def _worker(order: dict[str, Any], begin: int) -> None:
    """The forked process: waits for the word, works, and ends without looking back."""
    os.read(begin, 1)
    os.environ.update(order["environment"])
    asyncio.run(_carry_out(order))


def _serve() -> None:
    for line in sys.stdin.buffer:
        begin, word = os.pipe()
        pid = os.fork()
        if pid == 0:
            try:
                _worker(orjson.loads(line), begin)
            finally:
                os._exit(0)
        _say(pid)
        sys.stdin.buffer.readline()
        os.write(word, b"!")
        _, status = os.waitpid(pid, 0)
        os.close(begin)
        os.close(word)
        _say(os.waitstatus_to_exitcode(status))


def _say(number: int) -> None:
    sys.stdout.write(f"{number}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    _serve()
