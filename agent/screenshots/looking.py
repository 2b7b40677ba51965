"""One picture shown to a model that has no tools, no memory and no other task; what it answers is data, or nothing."""

import asyncio
import base64
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import httpx2
import openai
from langchain_core.exceptions import (
    ModelAPIError,
    ModelConnectionError,
    ModelError,
    ModelRateLimitError,
    ModelTimeoutError,
)
from langchain_core.messages import BaseMessage, HumanMessage, SystemMessage
from langchain_openai import ChatOpenAI
from pydantic import ValidationError

from agent import observed
from agent.prompts.files import loaded
from agent.screenshots.bounded_transport import BoundedTransport
from agent.screenshots.schema import Extraction, json_schema
from tracking_core.safety.scanner import scan
from tracking_core.settings import Settings

PROMPT, REPAIR = "screenshot", "screenshot_again"
_CONNECT_SECONDS = 3.0
_ANSWER_BYTES = 262_144
_TRIES = 2
# What the SDK and its wrapper raise for a 200 whose body is no completion.
_GARBAGE = (ValueError, TypeError, KeyError, IndexError, AttributeError, openai.OpenAIError)


class Unread(StrEnum):
    """Why a picture was not read; none is the seller's fault."""

    NO_VISION = "no_vision"  # no model, or one that reads no pictures
    UNREACHABLE = "unreachable"
    TIMEOUT = "timeout"
    THROTTLED = "throttled"
    REFUSED = "refused"  # our key, the model's name, or it takes no pictures or schemas after all
    FAULT = "fault"  # theirs
    GARBAGE = "garbage"  # an answer that is none, twice


@dataclass(frozen=True, slots=True)
class Seen:
    """One of the three: what was read, why nothing was, or that a secret can be seen (and then nothing else)."""

    extraction: Extraction | None = None
    unread: Unread | None = None
    is_secret: bool = False


async def look(png: bytes, settings: Settings) -> Seen:
    """Never raises for what a model or its endpoint does."""
    if not (settings.llm_vision and settings.llm_base_url and settings.llm_model):
        return Seen(unread=Unread.NO_VISION)
    try:
        async with asyncio.timeout(settings.llm_timeout_seconds), _model(settings) as model:
            return await _look(model, _messages(png), settings)
    except TimeoutError:
        return Seen(unread=Unread.TIMEOUT)
    except (ModelError, openai.APIStatusError) as error:
        return Seen(unread=_why(error))


async def _look(model: ChatOpenAI, messages: Sequence[BaseMessage], settings: Settings) -> Seen:
    for _ in range(_TRIES):
        with observed.model_call(settings, observed.PICTURE) as call:
            said = await _ask(model, messages)
            call.outcome = call.outcome if said is not None else Unread.GARBAGE.value
        # Before it is understood or cut: what is no JSON may hold one too.
        if said is not None and _holds_secret(said["raw"].text, said["parsed"]):
            return Seen(is_secret=True)
        if said is not None and (extraction := _valid(said["parsed"])):
            return Seen(is_secret=True) if extraction.visible_secret else Seen(extraction)
        # The bad answer is not repeated: whatever it holds is sent nowhere.
        messages = (*messages, HumanMessage(loaded(REPAIR).render()))
    return Seen(unread=Unread.GARBAGE)


async def _ask(model: ChatOpenAI, messages: Sequence[BaseMessage]) -> dict[str, Any] | None:
    """``{raw, parsed, parsing_error}``, or None for an answer that is no completion. Raises ModelError and
    openai.APIStatusError."""
    asking = model.with_structured_output(json_schema(), method="json_schema", include_raw=True)
    try:
        said = await asking.ainvoke(list(messages))
    except (ModelError, openai.APIStatusError, TimeoutError):
        raise
    except _GARBAGE:
        return None
    assert isinstance(said, dict)
    return said


def _valid(parsed: object) -> Extraction | None:
    try:
        return Extraction.model_validate(parsed)
    except ValidationError:
        return None


def _holds_secret(answer: str, parsed: object) -> bool:
    """In what was said, in one of its texts, or from one text to the next."""
    texts = list(_texts(parsed))
    return any(not found.is_personal for text in (answer, *texts, "\n".join(texts)) for found in scan(text))


def _texts(parsed: object) -> Iterator[str]:
    if isinstance(parsed, str):
        yield parsed
    elif isinstance(parsed, dict | list):
        for inner in parsed.values() if isinstance(parsed, dict) else parsed:
            yield from _texts(inner)


def _why(error: Exception) -> Unread:
    reasons = {
        ModelTimeoutError: Unread.TIMEOUT,
        ModelConnectionError: Unread.UNREACHABLE,
        ModelRateLimitError: Unread.THROTTLED,
        ModelAPIError: Unread.FAULT,
    }
    return next((reason for kind, reason in reasons.items() if isinstance(error, kind)), Unread.REFUSED)


def _messages(png: bytes) -> tuple[BaseMessage, ...]:
    picture = {"type": "image", "base64": base64.b64encode(png).decode(), "mime_type": "image/png"}
    return SystemMessage(loaded(PROMPT).render()), HumanMessage([picture])


@asynccontextmanager
async def _model(settings: Settings) -> AsyncIterator[ChatOpenAI]:
    timeout = (_CONNECT_SECONDS, settings.llm_timeout_seconds)
    async with httpx2.AsyncClient(transport=BoundedTransport(_ANSWER_BYTES), trust_env=False) as client:
        yield ChatOpenAI(
            base_url=settings.llm_base_url,
            # An endpoint on one's own machine asks for none, and the client wants one.
            api_key=settings.llm_api_key if settings.llm_api_key.get_secret_value() else "none",
            model=settings.llm_model,
            timeout=timeout,
            max_retries=0,
            use_responses_api=False,
            temperature=0,
            max_tokens=settings.llm_max_tokens,
            http_async_client=client,
        )
