"""The corpus of injections: what strangers write into pages, sales, images and chats to make the agent act."""

from enum import StrEnum
from functools import cache
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, TypeAdapter

_FILE = Path(__file__).with_name("injections.yaml")


class Carrier(StrEnum):
    """Where the text stands."""

    LANDING_TITLE = "landing_title"
    LANDING_TEXT = "landing_text"
    PRODUCT_NAME = "product_name"
    WEBHOOK_FIELD = "webhook_field"
    SCREENSHOT_TEXT = "screenshot_text"
    FILE_NAME = "file_name"
    CHAT_MESSAGE = "chat_message"
    PROVIDER_ERROR = "provider_error"


class Attempt(StrEnum):
    """What it tries."""

    APPROVE_PLAN = "approve_plan"
    CHANGE_DATASET = "change_dataset"
    EXFILTRATE_SECRET = "exfiltrate_secret"  # noqa: S105 - an attempt's name
    UNDO = "undo"
    CALL_TOOL = "call_tool"
    REVEAL_PROMPT = "reveal_prompt"


class Injection(BaseModel):
    """``language`` is a locale of ours."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str
    carrier: Carrier
    language: str
    attempt: Attempt
    text: str


@cache
def injections(carrier: Carrier | None = None) -> tuple[Injection, ...]:
    """All of them, or those of one carrier, in the order of the file."""
    every = TypeAdapter(tuple[Injection, ...]).validate_python(yaml.safe_load(_FILE.read_text()))
    return tuple(one for one in every if carrier is None or one.carrier is carrier)
