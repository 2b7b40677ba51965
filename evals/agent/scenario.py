"""What a scenario says: who the seller is, what they do, and what must stand in the database at the end. Every text may
name the scenario's ``cast``: ``{token}``, ``{dataset}``, ``{page}`` and the others."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

FOLDER = Path(__file__).parent / "scenarios"
_BLOCKS, _CORPUS = (Path(__file__).parent / name for name in ("blocks.yaml", "injections.yaml"))
Gateway = Literal["hotmart", "kiwify"]
Locale = Literal["pt_BR", "en"]
Id = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=60)]
# A fact that must be told is found by any of its wordings.
Told = str | list[str]


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Condition(Strict):
    """What a seller sees before they go on; everything that is said must hold."""

    state: str | list[str] | None = None
    gateway: str | None = None
    meta: str | None = None
    url: str | None = None
    configuration: str | None = None
    proof: str | None = None
    plan: bool | None = None
    handoff: Literal["none", "open", "taken"] | None = None
    mode: Literal["ai", "basic"] | None = None


class Wizard(Strict):
    """What a seller does in the wizard instead of the chat. ``keep`` puts the named secrets into the vault."""

    action: Literal["keep", "gateway", "meta", "page", "plan", "proof", "rollback", "prefer"]
    secrets: dict[str, str] = {}
    gateway: Gateway | None = None
    values: dict[str, Any] = {}


class Simulated(Strict):
    """The simulated model: how it fails, what it says next, and what it says always. ``is_away``: nothing listens;
    ``is_seeing``: it reads pictures."""

    faults: list[dict[str, Any]] = []
    answers: list[dict[str, Any]] = []
    usual: dict[str, Any] | None = None
    is_away: bool = False
    is_seeing: bool = False


class Control(Strict):
    """What happens at the vendors meanwhile. ``meta`` registers the dataset with these facts (``access_token`` may name
    another token); the faults are those of the simulators, and ``clear`` ends them. ``page`` changes the page."""

    meta: dict[str, Any] | None = None
    account: dict[str, Any] | None = None
    meta_fault: dict[str, Any] | None = None
    vendor_fault: dict[str, Any] | None = None
    page: dict[str, Any] | None = None
    llm: Simulated | None = None
    clear: bool = False


class Desk(Strict):
    """What somebody of the support team does with the case."""

    action: Literal["take", "reply", "return", "resolve"]
    text: str = ""


class Step(Strict):
    """One thing that a seller does, or that happens. It is left out unless ``when`` holds before it. While ``until``
    does not hold after it, the seller says the nudges, one after the other, and then gives up. ``times`` sends the very
    same message that often at once, as a double click does; ``together`` are messages sent before anybody answers."""

    say: str | None = None
    show: str | None = None
    sale: str | None = None
    times: int = Field(default=1, ge=1, le=5)
    together: list[str] = []
    decide: Literal["approve", "reject"] | None = None
    wizard: Wizard | None = None
    control: Control | None = None
    desk: Desk | None = None
    when: Condition | None = None
    until: Condition | None = None
    nudges: list[str] | None = None

    @model_validator(mode="after")
    def _is_one_thing(self) -> "Step":
        own = (self.say or self.show, self.sale, self.together, self.decide, self.wizard, self.control, self.desk)
        done = [one for one in own if one]
        if len(done) > 1 or not (done or self.until):
            raise ValueError("a step is one thing")
        return self


class Persona(Strict):
    """A seller played by a model: who they are, what they know and tell when asked, and what they want."""

    who: str
    knows: dict[str, str] = {}
    wants: str


class Start(Strict):
    """The world on the first day. ``meta`` None: Meta knows of no such dataset. With ``llm`` the simulated model
    answers in every lane."""

    meta: dict[str, Any] | None = {}
    account: dict[str, Any] = {}
    page: dict[str, Any] = {}
    llm: Simulated | None = None
    escalate_after: int | None = None
    other_dataset: bool = False


class Active(Strict):
    """Of the configuration in use; what is not said is not looked at."""

    gateway: Gateway | None = None
    dataset: str | None = None
    account: str | None = None
    landing_url: str | None = None
    consent_mode: str | None = None
    version: int | None = None


class Handoff(Strict):
    state: Literal["open", "taken", "returned", "resolved"]
    reason: str | None = None


class Expected(Strict):
    """The end. ``active`` "none": no configuration is in use; ``purchases`` are the test purchases that Meta took,
    ``webhooks`` those registered at the gateway. ``actions`` stand in the ledger in this order, others between them.
    ``asked`` is the most that the seller's messages may have cost in model calls."""

    state: str | list[str]
    stages: dict[str, str] = {}
    active: Active | Literal["none"] | None = None
    purchases: int | None = None
    webhooks: int | None = None
    handoff: Handoff | Literal["none"] | None = None
    vault: list[str] = []
    approvals: dict[str, int] = {}
    heard: int | None = None
    modes: list[Literal["ai", "basic"]] = []
    actions: list[str] = []
    forbidden: list[str] = []
    told: list[Told] = []
    untold: list[str] = []
    calls_max: int | None = None
    is_verified: bool = False


class Scenario(Strict):
    """``about`` is a sentence for people. ``is_same_without_model``: the end must be the same whatever answers."""

    id: Id
    group: Id
    about: str
    locale: Locale = "pt_BR"
    gateway: Gateway = "hotmart"
    start: Start = Start()
    script: list[Step]
    persona: Persona | None = None
    expect: Expected
    is_same_without_model: bool = False

    @property
    def has_own_model(self) -> bool:
        """Answered by the simulated model in every lane: there is nothing to record."""
        return self.start.llm is not None


@cache
def scenarios() -> tuple[Scenario, ...]:
    """All of them, in the order of their groups. Raises ValueError for an id that is there twice."""
    found = tuple(one for path in sorted(FOLDER.glob("*.yaml")) for one in _read(path))
    ids = [one.id for one in found]
    if len(set(ids)) < len(ids):
        raise ValueError(f"scenarios of the same id: {sorted(one for one in ids if ids.count(one) > 1)}")
    return found


def chosen(wanted: str | None) -> tuple[Scenario, ...]:
    """Those whose group or id is named, comma-separated; all when nothing is."""
    if not wanted:
        return scenarios()
    names = set(wanted.split(","))
    found = tuple(one for one in scenarios() if one.id in names or one.group in names)
    known = {name for one in found for name in (one.id, one.group)}
    if unknown := names - known:
        raise ValueError(f"no scenario or group: {', '.join(sorted(unknown))}")
    return found


def _read(path: Path) -> Iterator[Scenario]:
    """A file is one group: ``defaults`` of all, and ``scenarios``."""
    said = yaml.safe_load(path.read_text())
    for one in said["scenarios"]:
        script = [step for part in one["script"] for step in _steps(part)]
        group = path.stem.partition("_")[2]
        yield Scenario.model_validate({"group": group, **said.get("defaults", {}), **one, "script": script})


def _steps(part: str | dict[str, Any]) -> list[dict[str, Any]]:
    """A word is the block of that name; ``injections`` are all of the corpus by that carrier."""
    if isinstance(part, str):
        return _blocks()[part]
    return _carried(part["injections"]) if "injections" in part else [part]


def _carried(carrier: str) -> list[dict[str, Any]]:
    """One by one as they would come; of pictures a minute holds few, so that one of them shows all."""
    corpus = [one["text"] for one in yaml.safe_load(_CORPUS.read_text()) if one["carrier"] == carrier]
    texts = [text.replace("{", "{{").replace("}", "}}") for text in corpus]
    match carrier:
        case "screenshot_text":
            return [{"show": "\n".join(texts)}]
        case "webhook_field":
            return [{"sale": text} for text in texts]
    return [{"say": text} for text in texts]


@cache
def _blocks() -> dict[str, list[dict[str, Any]]]:
    """Steps that many scenarios share."""
    kept: dict[str, list[dict[str, Any]]] = yaml.safe_load(_BLOCKS.read_text())
    return kept
