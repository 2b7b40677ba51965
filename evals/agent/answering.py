"""Who answers in a scenario: a model, a recording of one, the simulated one, or nobody but the rules."""

from dataclasses import dataclass
from typing import Any

from pydantic import SecretStr

from evals.agent.scenario import Scenario
from evals.agent.world import World
from tracking_core.settings import Settings

# Nothing listens there: what a recording does not hold is refused at once.
NOWHERE = "http://127.0.0.1:9/v1"
_KEY = SecretStr("no-key-is-needed")
_SIMULATED = {"llm_api_key": _KEY, "llm_model": "simulated", "llm_patience_seconds": 0.4, "llm_timeout_seconds": 1.2}
_NOBODY: dict[str, Any] = {"llm_base_url": "", "llm_api_key": SecretStr(""), "llm_model": ""}


@dataclass(frozen=True, slots=True)
class Model:
    """Settings of the hub that name a model; none of them for basic mode."""

    changes: dict[str, Any]

    @classmethod
    def nobody(cls) -> "Model":
        return cls(dict(_NOBODY))

    @classmethod
    def recorded(cls, name: str) -> "Model":
        """As it was when it was recorded, but for the address."""
        return cls({"llm_base_url": NOWHERE, "llm_api_key": _KEY, "llm_model": name, "llm_timeout_seconds": 10.0})

    @classmethod
    def of(cls, settings: Settings, *, seed: int, temperature: float) -> "Model":
        """The one that the settings name."""
        names = ("llm_base_url", "llm_api_key", "llm_model", "llm_patience_seconds", "llm_timeout_seconds")
        more = ("llm_max_tokens", "llm_stream_usage", "llm_calls_per_turn")
        said = {name: getattr(settings, name) for name in (*names, *more)}
        return cls({**said, "llm_seed": seed, "llm_temperature": temperature})

    @property
    def is_there(self) -> bool:
        return bool(self.changes["llm_base_url"])

    @property
    def patience_seconds(self) -> float:
        """How long a seller waits for one answer."""
        slow = float(self.changes.get("llm_timeout_seconds", 0.0))
        return 30.0 + 4 * slow * self.is_there

    def settings(self, world: World, scenario: Scenario) -> Settings:
        changes = self.changes
        if (simulated := scenario.start.llm) is not None:
            url = NOWHERE if simulated.is_away else world.llm_url
            changes = {**_SIMULATED, "llm_base_url": url, "llm_vision": simulated.is_seeing}
        return world.settings.model_copy(update=changes)
