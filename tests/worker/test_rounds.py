"""Rounds: one at a time for each key, one more for a wake meanwhile, and no failure that ends them."""

import asyncio
from typing import Any

import pytest
from structlog.contextvars import get_contextvars

from tracking_core.kit.ids import new_id
from tracking_core.logging import lines_about
from tracking_core.telemetry.current import here
from tracking_core.worker.rounds import Rounds, Share

TENANT = new_id()


class Work:
    """Counts its rounds; each waits for ``go``."""

    def __init__(self) -> None:
        self.started: list[str] = []
        self.running = 0
        self.most = 0
        self.go = asyncio.Event()

    async def __call__(self, key: str) -> None:
        self.started.append(key)
        self.running += 1
        self.most = max(self.most, self.running)
        await self.go.wait()
        self.running -= 1
        if key == "fails":
            raise RuntimeError


async def settled() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


async def test_wakes_during_a_round_are_one_more_round_however_many() -> None:
    work = Work()
    rounds = Rounds("test", work, limit=4)
    for _ in range(5):
        rounds.wake("a")
        await settled()
    assert work.started == ["a"]
    work.go.set()
    await settled()
    assert work.started == ["a", "a"]
    rounds.wake("a")
    await settled()
    assert work.started == ["a", "a", "a"]


async def test_keys_run_beside_each_other_up_to_the_limit_and_the_rest_wait_their_turn() -> None:
    work = Work()
    rounds = Rounds("test", work, limit=2)
    for key in "abc":
        rounds.wake(key)
    await settled()
    assert work.started == ["a", "b"]
    work.go.set()
    await settled()
    assert (work.started, work.most) == (["a", "b", "c"], 2)


@pytest.mark.filterwarnings("error")
async def test_a_round_that_fails_leaves_its_key_ready_for_the_next_wake() -> None:
    work = Work()
    work.go.set()
    rounds = Rounds("test", work, limit=1)
    rounds.wake("fails")
    await settled()
    rounds.wake("fails")
    await settled()
    assert work.started == ["fails", "fails"]


async def test_close_lets_the_round_under_way_end_and_starts_no_other() -> None:
    work = Work()
    rounds = Rounds("test", work, limit=1)
    rounds.wake("a")
    await settled()
    rounds.wake("a")
    closing = asyncio.create_task(rounds.close())
    await settled()
    assert not closing.done()
    work.go.set()
    await closing
    rounds.wake("b")
    await settled()
    assert work.started == ["a"]


async def test_one_groups_many_keys_leave_places_for_the_others() -> None:
    work = Work()

    async def group_of(key: str) -> str:
        return key[0]

    rounds = Rounds("test", work, limit=3, share=Share(group_of, 2))
    for key in ("a1", "a2", "a3", "a4", "b1", "b2"):
        rounds.wake(key)
    await settled()
    assert work.started == ["a1", "a2", "b1"]
    work.go.set()
    await settled()
    assert sorted(work.started) == ["a1", "a2", "a3", "a4", "b1", "b2"]
    assert work.most == 3


async def test_a_key_whose_group_cannot_be_told_is_ready_for_the_next_wake() -> None:
    work, known = Work(), False
    work.go.set()

    async def group_of(key: str) -> str:
        if not known:
            raise ConnectionError
        return key

    rounds = Rounds("test", work, limit=1, share=Share(group_of, 1))
    rounds.wake("a")
    await settled()
    assert work.started == []
    known = True
    rounds.wake("a")
    await settled()
    assert work.started == ["a"]


async def test_a_round_that_is_woken_amidst_another_says_nothing_of_whose_that_one_is() -> None:
    said: list[tuple[dict[str, Any], str]] = []

    async def note(_key: str) -> None:
        place = here()
        assert place is not None
        said.append((get_contextvars(), f"{place.trace_id:032x}"))

    async def wake(_key: str) -> None:
        lines_about(TENANT)
        await note("")
        inner.wake("b")

    inner, outer = Rounds("inner", note, limit=1), Rounds("outer", wake, limit=1)
    outer.wake("a")
    await settled()
    (whose, trace), (nobody, another) = said
    assert (whose, nobody) == ({"tenant_id": str(TENANT)}, {})
    assert trace != another
    assert get_contextvars() == {}
