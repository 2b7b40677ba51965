"""Breaking what the plan says, one thing after the other, and noting from when to when it was broken."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import httpx

from evals.soak.plan import Fault, FaultKind
from evals.soak.shops import Shop, reconnect
from evals.soak.stack import SoakStack

# Longer than the hub waits for Meta.
_HANGING_SECONDS = 15
_AT_META: dict[FaultKind, tuple[str, dict[str, Any]]] = {
    FaultKind.META_429: ("http_429", {"retry_after": 2}),
    FaultKind.META_500: ("http_500", {}),
    FaultKind.META_TIMEOUT_BEFORE: ("timeout_before", {"seconds": _HANGING_SECONDS}),
    FaultKind.META_TIMEOUT_AFTER: ("timeout_after_accept", {"seconds": _HANGING_SECONDS}),
    FaultKind.TOKEN_REVOKED: ("code_190", {}),
}


@dataclass(frozen=True, slots=True)
class Broken:
    """``began`` and ``ended`` are Unix seconds; ``target`` names what was broken."""

    kind: FaultKind
    target: str
    began: float
    ended: float


async def break_things(
    stack: SoakStack, shops: list[Shop], faults: list[Fault], tell: Callable[[Broken], None]
) -> list[Broken]:
    """Until the plan is through. A fault whose time has come while another lasts follows it."""
    started, broken = time.time(), []
    for fault in faults:
        await asyncio.sleep(max(0.0, started + fault.at - time.time()))
        began = time.time()
        target = await _break(stack, shops, fault)
        broken.append(Broken(fault.kind, target, began, time.time()))
        tell(broken[-1])
    return broken


async def _break(stack: SoakStack, shops: list[Shop], fault: Fault) -> str:
    """What was broken; it is whole again when this returns."""
    if fault.kind in _AT_META:
        shop = shops[fault.target % len(shops)]
        await _at_meta(stack, shop, fault)
        return f"dataset {shop.dataset_id}"
    replicas = {
        FaultKind.WORKER_KILLED: stack.workers,
        FaultKind.API_KILLED: stack.apis,
        FaultKind.SCHEDULER_KILLED: stack.schedulers,
    }
    if fault.kind in replicas:
        service = replicas[fault.kind][fault.target % len(replicas[fault.kind])]
        await asyncio.to_thread(stack.kill, service, fault.seconds)
        return service.name
    await asyncio.to_thread(_at_servers(stack, fault))
    return "postgres" if fault.kind is FaultKind.POSTGRES_RESTARTED else "redis"


def _at_servers(stack: SoakStack, fault: Fault) -> Callable[[], None]:
    if fault.kind is FaultKind.REDIS_FLUSHED:
        return stack.flush_redis
    server = stack.postgres if fault.kind is FaultKind.POSTGRES_RESTARTED else stack.redis
    return partial(_restart, server.stop, server.start, fault.seconds)


def _restart(stop: Callable[[], None], start: Callable[[], None], seconds: float) -> None:
    stop()
    time.sleep(seconds)
    start()


async def _at_meta(stack: SoakStack, shop: Shop, fault: Fault) -> None:
    """Of one dataset, the others go on. A token that was refused needs a new one."""
    kind, params = _AT_META[fault.kind]
    order = {"kind": kind, "dataset_id": shop.dataset_id, "times": None, "params": params}
    address = f"http://127.0.0.1:{stack.meta_port}/_control/faults"
    async with httpx.AsyncClient(timeout=30, trust_env=False) as control:
        (await control.post(address, json=order)).raise_for_status()
        await asyncio.sleep(fault.seconds)
        (await control.delete(address, params={"dataset_id": shop.dataset_id})).raise_for_status()
    if fault.kind is FaultKind.TOKEN_REVOKED:
        await reconnect(shop)
