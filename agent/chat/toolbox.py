"""The names and arguments of what a model or the rules may call in the chat, and the form of every result.

No tool takes a session, a tenant, a secret or anything that decides on a plan. Credentials are found in the vault by
their kind; a value that must be copied (an account, a dataset, an address) must stand in what the seller wrote.
"""

from enum import StrEnum
from typing import Annotated, Any, Literal, NotRequired, TypedDict, cast

import orjson
from langchain_core.messages import ToolMessage
from pydantic import AfterValidator, BaseModel, ConfigDict, Field


class ToolName(StrEnum):
    CHECK_GATEWAY = "check_gateway"
    CHECK_META = "check_meta"
    CHECK_PAGE = "check_page"
    CHOOSE = "choose"
    REQUEST_PLAN = "request_plan"
    SEND_TEST_SALE = "send_test_sale"
    UNDO = "undo"
    EXPLAIN = "explain"
    READ_STATUS = "read_status"
    CALL_PERSON = "call_person"


class ResultStatus(StrEnum):
    """``done`` and ``failed`` are the outcome; ``queued`` is still under way; ``refused`` did not begin."""

    DONE = "done"
    FAILED = "failed"
    QUEUED = "queued"
    REFUSED = "refused"


class ToolResult(TypedDict):
    """The JSON content of every tool message. ``message`` is a sentence of ours in the session's language; ``missing``
    names kinds of credentials or fields that the seller has yet to give; ``playbook`` is its text."""

    status: str
    code: NotRequired[str]
    message: NotRequired[str]
    recommendation: NotRequired[str]
    playbook: NotRequired[str]
    missing: NotRequired[list[str]]
    facts: NotRequired[dict[str, Any]]


_LIMIT = 2_048


def _bounded(text: str) -> str:
    if len(text) > _LIMIT:
        raise ValueError(f"longer than {_LIMIT} characters")
    return text


# Bounded by us and not in the schema: servers that decode under a grammar unroll a ``maxLength``, and one dies of it.
_Text = Annotated[str, AfterValidator(_bounded)]


class _Arguments(BaseModel):
    model_config = ConfigDict(extra="forbid")


class CheckGateway(_Arguments):
    """Check the saved gateway credentials with the gateway itself."""

    gateway: Literal["hotmart", "kiwify"]
    account_id: _Text | None = Field(default=None, description="Kiwify account ID the seller wrote")


class CheckMeta(_Arguments):
    """Check the saved Meta token for a dataset (pixel)."""

    dataset_id: _Text = Field(description="digits the seller wrote")


class CheckPage(_Arguments):
    """Look at the seller's landing page."""

    url: _Text = Field(description="address the seller wrote")


class Choose(_Arguments):
    """Keep a preference of the seller."""

    consent_mode: Literal["opt_in", "opt_out"] | None = None
    test_event_code: _Text | None = None


class RequestPlan(_Arguments):
    """Prepare the configuration plan; the seller then approves it with a button."""


class SendTestSale(_Arguments):
    """Send the test sale through the active configuration again."""


class Undo(_Arguments):
    """Prepare a plan that undoes what this setup changed."""

    scope: Literal["last", "all"]


class Explain(_Arguments):
    """Read the playbook of a failure; without a code, of the last one."""

    code: _Text | None = None


class ReadStatus(_Arguments):
    """Read where the setup stands."""


class CallPerson(_Arguments):
    """Hand over to a person of the support team."""

    reason: _Text


ARGUMENTS: dict[ToolName, type[_Arguments]] = {
    ToolName.CHECK_GATEWAY: CheckGateway,
    ToolName.CHECK_META: CheckMeta,
    ToolName.CHECK_PAGE: CheckPage,
    ToolName.CHOOSE: Choose,
    ToolName.REQUEST_PLAN: RequestPlan,
    ToolName.SEND_TEST_SALE: SendTestSale,
    ToolName.UNDO: Undo,
    ToolName.EXPLAIN: Explain,
    ToolName.READ_STATUS: ReadStatus,
    ToolName.CALL_PERSON: CallPerson,
}


def result_in(message: ToolMessage) -> ToolResult | None:
    """The tool's result; None for what the library wrote in its place. ``text`` is a subclass of ``str``, which orjson
    does not take."""
    try:
        said = orjson.loads(message.text.encode())
    except orjson.JSONDecodeError:
        return None
    return cast(ToolResult, said) if isinstance(said, dict) and "status" in said else None
