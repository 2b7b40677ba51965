"""The simulated vendors as a scenario wants them."""

import asyncio
from functools import partial
from typing import Any

from evals.agent.cast import Cast
from evals.agent.scenario import Control, Scenario, Simulated
from evals.agent.state import purchases_of
from evals.agent.world import World
from evals.simulators.landing.state import Settings as Page
from evals.simulators.llm.state import Answer
from evals.simulators.meta.faults import Fault as MetaFault
from evals.simulators.meta.state import Dataset
from evals.simulators.providers.accounts import Account
from evals.simulators.providers.sales import SaleWanted, play
from evals.simulators.providers.state import Fault as VendorFault

_LOOKS, _PAUSE_SECONDS = 400, 0.05


class Vendors:
    """For one scenario, after the vendors have forgotten the last one."""

    def __init__(self, world: World, scenario: Scenario, cast: Cast, write_key: str) -> None:
        self._world, self._scenario, self._cast = world, scenario, cast
        self._script = f"{world.settings.base_url}/t.js?key={write_key}"
        self._dataset: dict[str, Any] = {}
        self._account: dict[str, Any] = {}

    def open(self) -> None:
        """As on the first day of the scenario."""
        start = self._scenario.start
        self._world.forget()
        self._change_page({"script": self._script, "consent_required": True, "pixel_id": self._cast["dataset"]})
        self._change_page(start.page)
        self._register_account(start.account)
        if start.meta is not None:
            self._register_dataset(start.meta)
        if start.other_dataset:
            other = {"dataset_id": self._cast["other_dataset"], "access_token": self._cast["other_token"]}
            self._world.meta.registered[other["dataset_id"]] = Dataset.model_validate(other)
        if start.llm is not None:
            self._order(start.llm)

    def change(self, wanted: Control) -> None:
        if wanted.clear:
            self._world.meta.faults.clear(None)
            self._world.vendors.faults.clear()
            self._world.llm.clear()
        if wanted.meta is not None:
            self._register_dataset(wanted.meta)
        if wanted.account is not None:
            self._register_account(wanted.account)
        if wanted.meta_fault is not None:
            fault = {"dataset_id": self._cast["dataset"], **wanted.meta_fault}
            self._world.meta.faults.add(MetaFault.model_validate(fault))
        if wanted.vendor_fault is not None:
            fault = {"vendor": self._scenario.gateway, **wanted.vendor_fault}
            self._world.vendors.faults.append(VendorFault.model_validate(fault))
        if wanted.page is not None:
            self._change_page(wanted.page)
        if wanted.llm is not None:
            self._order(wanted.llm)

    async def sell(self, name: str) -> None:
        """Somebody of this name buys at Kiwify, and Meta hears of it. Raises AssertionError when it does not."""
        account, before = self._cast["account"], purchases_of(self._world.meta, self._cast)
        wanted = SaleWanted(account_id=account, name=name, history="card_approved")
        registered = self._world.vendors.webhooks.get(account, [])
        happened = partial(self._world.vendors.happened, "kiwify", self._world.vendors.client_of(account))
        said = await play([{**one, "url": self._here(one["url"])} for one in registered], wanted, happened)
        refused = [one for one in said["deliveries"] if not one["is_accepted"]]
        if refused or not said["deliveries"]:
            raise AssertionError(f"the sale was not taken: {refused or 'no webhook is registered'}")
        for _ in range(_LOOKS):
            if purchases_of(self._world.meta, self._cast) > before:
                return
            await asyncio.sleep(_PAUSE_SECONDS)
        raise AssertionError("Meta never heard of the sale")

    def _here(self, url: str) -> str:
        """The hub's public address leads to this process."""
        return url.replace(self._world.settings.base_url, str(self._world.http.base_url).rstrip("/"), 1)

    def _order(self, wanted: Simulated) -> None:
        model = self._world.llm
        model.order(*wanted.faults)
        model.say(*(self._filled(one) for one in wanted.answers))
        if wanted.usual is not None:
            model.usual = Answer.model_validate(self._filled(wanted.usual))

    def _filled(self, answer: dict[str, Any]) -> dict[str, Any]:
        return {**answer, "text": self._cast.filled(answer.get("text", ""))}

    def _register_dataset(self, facts: dict[str, Any]) -> None:
        """Facts add to those before; ``access_token`` is the name of a secret of the cast."""
        self._dataset = {"name": "Loja da Ana", "access_token": "token", **self._dataset, **facts}
        made = {**self._dataset, "dataset_id": self._cast["dataset"]}
        made["access_token"] = self._cast[self._dataset["access_token"]]
        self._world.meta.registered[self._cast["dataset"]] = Dataset.model_validate(made)

    def _register_account(self, facts: dict[str, Any]) -> None:
        cast, is_kiwify = self._cast, self._scenario.gateway == "kiwify"
        own = {
            "vendor": self._scenario.gateway,
            "client_id": cast["kiwify_id"] if is_kiwify else cast["client_id"],
            "client_secret": cast["kiwify_secret"] if is_kiwify else cast["client_secret"],
            "account_id": cast["account"] if is_kiwify else "",
        }
        self._account = {**self._account, **facts}
        self._world.vendors.register(Account.model_validate({**own, **self._account}))

    def _change_page(self, changes: dict[str, Any]) -> None:
        kept = self._world.page.settings.model_dump()
        self._world.page.settings = Page.model_validate({**kept, **changes})
