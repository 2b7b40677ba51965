"""The only things that can be learnt from a picture. Free text in it is short, cleaned, and never an instruction."""

from enum import StrEnum
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from tracking_core.safety.scanner import mask
from tracking_core.safety.texts import bounded

_CODE_CHARACTERS, _TEXT_CHARACTERS, _NAME_CHARACTERS, _NAMES = 64, 200, 40, 12


class Screen(StrEnum):
    HOTMART_CREDENTIALS = "hotmart_credentials"
    HOTMART_WEBHOOKS = "hotmart_webhooks"
    KIWIFY_API = "kiwify_api"
    KIWIFY_WEBHOOKS = "kiwify_webhooks"
    META_EVENTS_MANAGER = "meta_events_manager"
    META_TOKEN = "meta_token"  # noqa: S105 - the page where one is made
    META_TEST_EVENTS = "meta_test_events"
    LANDING_PAGE = "landing_page"
    CHECKOUT = "checkout"
    ERROR_PAGE = "error_page"
    OTHER = "other"


def _short(text: str | None, limit: int) -> str | None:
    """Documents and cards masked; nothing invisible; cut; nothing for nothing."""
    return bounded(mask(text), limit).strip() or None if text else None


def _code(text: str | None) -> str | None:
    return _short(text, _CODE_CHARACTERS)


def _quote(text: str | None) -> str | None:
    return _short(text, _TEXT_CHARACTERS)


def _names(names: list[str]) -> list[str]:
    return [short for name in names if (short := _short(name, _NAME_CHARACTERS))][:_NAMES]


class Extraction(BaseModel):
    """``error_text`` is shown as a quote only. A text that is too long is cut: no reason to ask the model again."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    screen: Screen
    error_code: Annotated[str | None, AfterValidator(_code)]
    error_text: Annotated[str | None, AfterValidator(_quote)]
    visible_fields: Annotated[list[str], AfterValidator(_names)]
    visible_secret: bool
    confidence: float = Field(ge=0, le=1)


def json_schema() -> dict[str, Any]:
    """As a model is asked for it: the shape alone, which every server that takes schemas understands."""
    text = {"anyOf": [{"type": "string"}, {"type": "null"}]}
    properties = {
        "screen": {"type": "string", "enum": [screen.value for screen in Screen]},
        "error_code": text,
        "error_text": text,
        "visible_fields": {"type": "array", "items": {"type": "string"}},
        "visible_secret": {"type": "boolean"},
        "confidence": {"type": "number"},
    }
    return {
        "title": "screenshot",
        "description": "What one screenshot shows.",
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }
