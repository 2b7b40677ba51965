"""One run: load and faults for so many minutes, then the time it takes to come to rest, then the evidence."""

import asyncio
import random
import time
from collections import Counter
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

from rich.console import Console

from evals.soak import checks, evidence
from evals.soak.checks import Check
from evals.soak.faults import Broken, break_things
from evals.soak.memory import growth_by_process, peaks
from evals.soak.plan import Fault
from evals.soak.report import line
from evals.soak.sampling import Sample, Sampler
from evals.soak.sending import Senders
from evals.soak.shops import open_shop
from evals.soak.stack import SoakStack
from evals.soak.traffic import Traffic
from tracking_core.alerts.registry import Code
from tracking_core.db.engine import dispose

SHOPS = 3
_BROWSER_LANES, _GATEWAY_LANES = 48, 24
_SAMPLE_SECONDS, _REST_SAMPLE_SECONDS = 10.0, 5.0
# Left of the time a run may take, for counting and stopping.
_COUNTING_SECONDS = 45.0
_SLOPE_LEAST_SECONDS = 900.0


@dataclass(slots=True)
class Run:
    """Rates are per second. ``deadline`` is the Unix time at which it is over, whatever it came to."""

    stack: SoakStack
    console: Console
    seed: int
    seconds: float
    events: float
    sales: float
    late_ms: float
    faults: list[Fault]
    deadline: float
    broken: list[Broken] = field(default_factory=list)
    sampler: Sampler = field(init=False)

    def __post_init__(self) -> None:
        self.sampler = Sampler(self.stack)

    @property
    def ends_by(self) -> float:
        """When it stops waiting for what is not done yet."""
        return self.deadline - _COUNTING_SECONDS

    async def go(self) -> list[Check]:
        """The stack runs, and this process has its settings. Raises TimeoutError at the deadline."""
        async with asyncio.timeout(self.deadline - time.time()):
            return await self._go()

    async def _go(self) -> list[Check]:
        shops = [await open_shop(number) for number in range(SHOPS)]
        browsers, gateways = (Senders(self.stack.ports, lanes) for lanes in (_BROWSER_LANES, _GATEWAY_LANES))
        traffic = Traffic(shops, browsers, gateways, random.Random(self.seed), self.events, self.sales)
        async with _while_in_it(browsers.run()), _while_in_it(gateways.run()):
            await self._load(traffic)
            await self._rest(browsers, gateways)
        await dispose()
        return await self._judge(traffic)

    async def _load(self, traffic: Traffic) -> None:
        async with _while_in_it(self._sample()):
            breaking = break_things(self.stack, traffic.shops, self.faults, self._tell)
            _, self.broken = await asyncio.gather(traffic.run(self.seconds), breaking)

    async def _sample(self) -> None:
        started = time.time()
        while True:
            sample = await asyncio.to_thread(self.sampler.take)
            self.console.print(line(sample, sample.at - started), highlight=False)
            await asyncio.sleep(max(0.0, sample.at + _SAMPLE_SECONDS - time.time()))

    def _tell(self, broken: Broken) -> None:
        seconds = broken.ended - broken.began
        self.console.print(f"         {broken.kind.value} ({broken.target}), {seconds:.1f} s", highlight=False)

    async def _rest(self, *senders: Senders) -> None:
        """Until everything was taken and sent and told, or the time for it is over: what is left then is counted."""
        with suppress(TimeoutError):
            async with asyncio.timeout(self.ends_by - time.time()):
                await asyncio.gather(*(one.all_sent() for one in senders))
        while not _rests(await asyncio.to_thread(self.sampler.take)) and time.time() < self.ends_by:  # noqa: ASYNC110 - few
            await asyncio.sleep(_REST_SAMPLE_SECONDS)

    async def _judge(self, traffic: Traffic) -> list[Check]:
        seen, sent = await asyncio.to_thread(evidence.read, self.stack), traffic.sent
        samples = self.sampler.samples
        half = samples[0].at + self.seconds / 2
        loaded = [one for one in samples if one.at <= samples[0].at + self.seconds]
        return [
            *_of_senders(traffic),
            *checks.of_ledger(sent, seen),
            *checks.of_meta(seen),
            *checks.of_visits(sent, seen),
            *checks.of_delay(sent, seen, self.broken, self.late_ms),
            *self._memory(loaded, half),
            *checks.of_alerts(self.broken, seen.alerts, samples[-1].alerts or (), samples[-1].at),
        ]

    def _memory(self, loaded: list[Sample], half: float) -> list[Check]:
        grown = growth_by_process(loaded, half)
        return checks.of_memory(grown, peaks(self.sampler.samples), self.seconds / 2, _SLOPE_LEAST_SECONDS)


def _rests(sample: Sample) -> bool:
    """Nothing is due, no sale is on its way, and what was held is told to be over."""
    if sample.due is None or sample.ledger is None or sample.alerts is None:
        return False
    on_its_way = set(sample.ledger) - {"delivered", "withheld"}
    held = any(one.objective == Code.CONNECTION_ON_HOLD for one in sample.alerts)
    return not (any(sample.due.values()) or on_its_way or held)


def _of_senders(traffic: Traffic) -> list[Check]:
    refused = traffic.browsers.refused + traffic.gateways.refused
    again = traffic.browsers.again + traffic.gateways.again
    sent = f"{traffic.sent.repeated:,} twice, {traffic.sent.refunded:,} refunded"
    return [
        Check("webhooks taken", f"{traffic.gateways.taken:,} ({sent})"),
        Check("requests sent again until they were taken, by status", _by_status(again)),
        Check("sound requests refused, by status", _by_status(refused), "none", not refused),
    ]


def _by_status(counted: Counter[int]) -> str:
    return ", ".join(f"{status or 'no answer'}: {times:,}" for status, times in sorted(counted.items())) or "none"


@asynccontextmanager
async def _while_in_it(work: Coroutine[None, None, None]) -> AsyncIterator[None]:
    """It runs while the block does; a defect it met is raised at the end of the block."""
    task = asyncio.create_task(work)
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
