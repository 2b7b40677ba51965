"""The language model of the settings: any OpenAI-compatible endpoint, bounded in every direction."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import aclosing
from types import TracebackType
from typing import Any, cast

import httpx2
import openai
from langchain_core.callbacks import AsyncCallbackManagerForLLMRun
from langchain_core.exceptions import (
    ModelAPIError,
    ModelError,
    ModelInvalidRequestError,
    ModelTimeoutError,
)
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessageChunk, BaseMessage
from langchain_core.outputs import ChatGenerationChunk
from langchain_openai import ChatOpenAI
from pydantic import Field, SecretStr

from agent.chat.failures import ModelCut, ModelGarbage, ModelStalled, ModelUnusable
from agent.screenshots.bounded_transport import BoundedTransport
from tracking_core.settings import Settings

_CONNECT_SECONDS = 2.0
_ANSWER_BYTES = 1_048_576
# An endpoint on one's own machine asks for none, and the client wants one.
_NO_KEY = "none"
_THEIRS = ("openai", "langchain_openai", "pydantic", "json.decoder")
_NOT_AN_ANSWER = (ValueError, TypeError, KeyError, AttributeError, IndexError)


def chat_model(settings: Settings) -> "HubChatModel | None":
    """None when no endpoint is named. ``close`` it on the loop that used it."""
    key = settings.llm_api_key.get_secret_value()
    if not (settings.llm_base_url or key):
        return None
    patience = settings.llm_patience_seconds
    timeout = httpx2.Timeout(patience, connect=min(_CONNECT_SECONDS, patience))
    client = httpx2.AsyncClient(transport=BoundedTransport(_ANSWER_BYTES), timeout=timeout, trust_env=False)
    return HubChatModel(
        model=settings.llm_model,
        base_url=settings.llm_base_url or None,
        api_key=SecretStr(key or _NO_KEY),
        http_async_client=client,
        timeout=timeout,
        max_retries=0,
        streaming=True,
        stream_chunk_timeout=patience,
        stream_usage=settings.llm_stream_usage,
        use_responses_api=False,
        temperature=settings.llm_temperature,
        seed=settings.llm_seed or None,
        max_tokens=settings.llm_max_tokens,
        patience_seconds=patience,
    )


async def close(model: BaseChatModel | None) -> None:
    """Its connections; nothing for a model that has none."""
    if isinstance(model, ChatOpenAI):
        await model.root_async_client.close()


class HubChatModel(ChatOpenAI):
    """ChatOpenAI that streams whatever it is asked, and that fails only with a ModelError or StreamChunkTimeoutError;
    a defect of ours goes up as it is.

    The limit on silence is held here, in ``_astream``, which runs also inside an agent's ``ainvoke``: ``patience``
    until the first words, connection and headers in it, and again after each piece that says something.
    ``stream_chunk_timeout`` counts only from the headers on and takes any piece for life, and the client's read timeout
    takes any byte; both stay as a second line. The limit on the whole is ``Failover``'s.
    """

    patience_seconds: float = Field(gt=0)

    async def _astream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> AsyncIterator[ChatGenerationChunk]:
        self._get_request_payload(messages, stop=stop, **kwargs)  # what cannot be asked is our defect, not an answer
        said = _Said()
        chunks = super()._astream(messages, stop, run_manager, **kwargs)
        async with aclosing(cast("Any", _timely(chunks, self.patience_seconds, said))) as timely:
            try:
                async for chunk in timely:
                    yield chunk
            except (ModelError, TimeoutError):
                raise
            except openai.APIError as error:
                raise _of_sdk(error) from error
            except _NOT_AN_ANSWER as error:
                if not _is_theirs(error.__traceback__):
                    raise
                raise ModelGarbage(type(error).__name__) from error
        said.require_whole()


class _Said:
    """What has come of an answer."""

    def __init__(self) -> None:
        self.has_begun = self.is_finished = False
        self._arguments: dict[int | str | None, str] = {}

    def add(self, chunk: ChatGenerationChunk) -> bool:
        """Whether the piece says something."""
        message = chunk.message
        calls = message.tool_call_chunks if isinstance(message, AIMessageChunk) else []
        for call in calls:
            self._arguments[call["index"]] = self._arguments.get(call["index"], "") + (call["args"] or "")
        self.is_finished |= bool((chunk.generation_info or {}).get("finish_reason"))
        is_said = bool(chunk.text or calls)
        self.has_begun |= is_said
        return is_said

    def require_whole(self) -> None:
        """Raises ModelGarbage, ModelCut or ModelUnusable. langchain-core completes broken JSON: a call cut short would
        pass for one with fewer arguments, so the text of each is looked at."""
        if not self.is_finished:
            raise ModelCut("no end") if self.has_begun else ModelGarbage("no pieces")
        if not all(_is_object(arguments) for arguments in self._arguments.values()):
            raise ModelUnusable("arguments of a call")


async def _timely(
    chunks: AsyncIterator[ChatGenerationChunk], patience: float, said: _Said
) -> AsyncIterator[ChatGenerationChunk]:
    loop = asyncio.get_running_loop()
    until = loop.time() + patience
    async with aclosing(cast("Any", chunks)):
        while True:
            try:
                async with asyncio.timeout_at(until) as limit:
                    chunk = await anext(chunks)
            except StopAsyncIteration:
                return
            except TimeoutError as error:
                if not limit.expired():
                    raise
                raise ModelStalled("silence") if said.has_begun else ModelTimeoutError("nothing came") from error
            if said.add(chunk):
                until = loop.time() + patience
            yield chunk


def _of_sdk(error: openai.APIError) -> ModelError:
    """For what langchain-openai passes on as it is."""
    if not isinstance(error, openai.APIStatusError):
        is_answer = isinstance(error, openai.APIResponseValidationError)
        return ModelGarbage("answer") if is_answer else ModelAPIError("an error in the stream")
    if error.status_code < 400:
        return ModelGarbage("redirect")
    return ModelInvalidRequestError(str(error.status_code))


def _is_theirs(trace: TracebackType | None) -> bool:
    """Whether it was raised where an answer is read, and not in code of ours."""
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    name = str(trace.tb_frame.f_globals.get("__name__")) if trace else ""
    return any(name == package or name.startswith(f"{package}.") for package in _THEIRS)


def _is_object(arguments: str) -> bool:
    try:
        return isinstance(json.loads(arguments or "{}"), dict)
    except json.JSONDecodeError:
        return False
