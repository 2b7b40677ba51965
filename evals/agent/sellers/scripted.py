"""A seller with a script who looks before each step, so that the same script meets any model and basic mode alike."""

from evals.agent.cast import Cast
from evals.agent.scenario import Condition, Scenario, Step
from evals.agent.sellers.browser import Browser
from evals.agent.sellers.desk import Support
from evals.agent.sellers.nudges import nudges_for
from evals.agent.vendors import Vendors

_NO_PLAN = "no plan waits for a decision"


class Stuck(Exception):
    """The seller gave up. The text says at which step and over what."""


class Scripted:
    def __init__(self, scenario: Scenario, cast: Cast, browser: Browser, vendors: Vendors, support: Support) -> None:
        self._scenario, self._cast, self._browser = scenario, cast, browser
        self._vendors, self._support = vendors, support

    async def run(self) -> None:
        """Raises Stuck."""
        for number, step in enumerate(self._scenario.script, 1):
            if step.when is not None and not await self._browser.holds(step.when):
                continue
            try:
                await self._do(step)
                await self._until(step)
            except Stuck as gave_up:
                raise Stuck(f"step {number}: {gave_up}") from None

    async def _do(self, step: Step) -> None:
        filled = self._cast.filled
        if step.show is not None:
            await self._browser.show(filled(step.show), filled(step.say or ""))
        elif step.say is not None:
            await self._browser.say(filled(step.say), times=step.times)
        elif step.together:
            await self._browser.say(*(filled(text) for text in step.together))
        elif step.decide is not None and not await self._browser.decide(step.decide):
            raise Stuck(_NO_PLAN)
        elif step.wizard is not None:
            await self._browser.wizard(step.wizard)
        elif step.control is not None:
            self._vendors.change(step.control)
        elif step.sale is not None:
            await self._vendors.sell(filled(step.sale))
        elif step.desk is not None:
            await self._support.act(step.desk)
            await self._browser.settled()

    async def _until(self, step: Step) -> None:
        if step.until is None or await self._browser.holds(step.until):
            return
        given = step.nudges if step.nudges is not None else nudges_for(step.until, self._scenario)
        for nudge in given:
            await self._browser.say(self._cast.filled(nudge))
            if await self._browser.holds(step.until):
                return
        raise Stuck(f"not so after {len(given)} more tries: {_shown(step.until)}")


def _shown(condition: Condition) -> str:
    return ", ".join(f"{name} {value}" for name, value in condition.model_dump(exclude_none=True).items())
