"""What a plan is made of, its hash, and its text in both languages."""

from enum import StrEnum
from typing import Any, Literal, Self
from uuid import UUID

import orjson
from pydantic import Field, model_validator

from tracking_core.configuration.codes import MEANINGS, ConfigCode
from tracking_core.configuration.facts import Frozen
from tracking_core.errors import Conflict
from tracking_core.i18n import translate
from tracking_core.kit.hashing import sha256_bytes

_FORMAT = 1


class ActionName(StrEnum):
    CONNECT_DATASET = "connect_dataset"
    CREATE_ENDPOINT = "create_webhook_endpoint"
    REGISTER_WEBHOOK = "register_webhook"
    WEBHOOK_INSTRUCTIONS = "webhook_instructions"
    MAP_EVENTS = "map_events"
    SET_CONSENT_MODE = "set_consent_mode"
    UNREGISTER_WEBHOOK = "unregister_webhook"
    DISABLE_ENDPOINT = "disable_webhook_endpoint"
    DISCONNECT_DATASET = "disconnect_dataset"
    ACTIVATE_VERSION = "activate_version"
    UNDO = "undo"


class UndoKind(StrEnum):
    """``delete_created`` falls back to ``disable`` where sales already refer to what was created."""

    RESTORE_SNAPSHOT = "restore_snapshot"
    DELETE_CREATED = "delete_created"
    DISABLE = "disable"
    MANUAL = "manual"
    NONE = "none"


class Risk(StrEnum):
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


class Action(Frozen):
    """``params`` name secrets by reference. ``preconditions`` was seen when it was planned and must still be so."""

    key: str
    name: ActionName
    params: dict[str, Any]
    is_external: bool
    undo_kind: UndoKind
    risk: Risk
    preconditions: dict[str, Any] = Field(default_factory=dict)


class Line(Frozen):
    """One sentence of the diff: an English msgid, what fills it, and the value before and after where there is one."""

    msgid: str
    params: dict[str, str] = Field(default_factory=dict)
    before: str | None = None
    after: str | None = None


class Requirement(Frozen):
    """A fact that is missing; ``field`` is its path in ``Facts``."""

    field: str
    message: str


class PlanIncomplete(Conflict):
    """The facts do not make a plan yet. ``requirements`` says what is missing, all of it."""

    code = ConfigCode.INCOMPLETE.value
    message = MEANINGS[ConfigCode.INCOMPLETE].message

    def __init__(self, requirements: list[Requirement]) -> None:
        super().__init__()
        self.requirements = requirements


class Plan(Frozen):
    """``hash`` covers everything else; a plan whose hash is another's does not load. ``generation`` is what the current
    configuration said: the same wish after something was undone is another plan, and happens again."""

    kind: Literal["configure", "rollback"]
    tenant_id: UUID
    generation: int = 0
    actions: tuple[Action, ...]
    diff: tuple[Line, ...]
    hash: str = ""

    @model_validator(mode="after")
    def _hash_is_its_own(self) -> Self:
        digest = sha256_bytes(_canonical(self)).hex()
        if self.hash not in ("", digest):
            raise ValueError("the hash is of another plan")
        object.__setattr__(self, "hash", digest)
        return self

    @property
    def is_empty(self) -> bool:
        """Nothing to do: the configuration in use already is what was asked for."""
        return not self.actions


def _canonical(plan: Plan) -> bytes:
    content = {"format": _FORMAT, **plan.model_dump(mode="json", exclude={"hash"})}
    return orjson.dumps(content, option=orjson.OPT_SORT_KEYS)


def render(plan: Plan, locale: str) -> list[str]:
    """The diff in the language, one sentence an entry."""
    return [render_line(line, locale) for line in plan.diff]


def render_line(line: Line, locale: str) -> str:
    said = translate(line.msgid, locale).format_map(line.params)
    if line.before is None and line.after is None:
        return said
    change = translate("before: {before}; after: {after}", locale)
    return f"{said} ({change.format(before=_worded(line.before, locale), after=_worded(line.after, locale))})"


def _worded(value: str | None, locale: str) -> str:
    return translate(value or "nothing", locale)
