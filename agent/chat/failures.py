"""How a model fails, as a closed set. Whatever is not in it is a defect of ours and goes up.

What the pinned versions raise, measured against ``evals/simulators/llm`` (streaming):

- refused, reset or cut connections, timeouts, 400, 401, 403, 404, 429 and 5xx: the ModelError family;
- a stream that stalls: StreamChunkTimeoutError, which is none of that family;
- HTML with status 200: a plain ValueError of langchain-core, because no piece came; garbage in the stream:
  JSONDecodeError; an error in the stream, 3xx, 409 and 422: the SDK's own APIError. JSON without choices and a stream
  that ends too early in good order raise nothing, and broken tool JSON is repaired to arguments that were never said.
  ``model.HubChatModel`` makes ModelErrors of all these.
- a request that a cassette does not hold: VCR's own exception, as it is. Never caught.
"""

from enum import StrEnum

import httpx2
from langchain_core.exceptions import (
    ContextOverflowError,
    ModelAPIError,
    ModelAuthenticationError,
    ModelConnectionError,
    ModelError,
    ModelInvalidRequestError,
    ModelNotFoundError,
    ModelPermissionDeniedError,
    ModelRateLimitError,
    ModelTimeoutError,
)
from langchain_openai import StreamChunkTimeoutError

from tracking_core.kit.json_http import wait_seconds

MODEL_FAILURES = (ModelError, StreamChunkTimeoutError)
# As OpenAI, llama.cpp, vLLM and their likes say it; the SDK's wrapper knows OpenAI's alone.
_OVERFLOWS = ("context_length_exceeded", "context size", "context length", "context window", "exceed_context_size")


class Reason(StrEnum):
    """Why the model did not answer. ``unusable``: it did, and nobody can use it; its endpoint is well."""

    REFUSED = "refused"
    TIMEOUT = "timeout"
    STALLED = "stalled"
    CUT = "cut"
    RATE_LIMITED = "rate_limited"
    SERVER_ERROR = "server_error"
    AUTH = "auth"
    BAD_REQUEST = "bad_request"
    CONTEXT_OVERFLOW = "context_overflow"
    GARBAGE = "garbage"
    UNUSABLE = "unusable"


class ModelStalled(ModelTimeoutError):
    """It began to answer and fell silent."""


class ModelCut(ModelConnectionError):
    """The answer ended before its end."""


class ModelGarbage(ModelError):
    """What came is no answer."""


class ModelUnusable(ModelError):
    """A whole answer that nobody can use: nothing in it, or a call that is none."""


# The first that fits.
_REASONS: tuple[tuple[type[Exception], Reason], ...] = (
    (StreamChunkTimeoutError, Reason.STALLED),
    (ModelStalled, Reason.STALLED),
    (ModelTimeoutError, Reason.TIMEOUT),
    (ModelCut, Reason.CUT),
    (ModelRateLimitError, Reason.RATE_LIMITED),
    (ModelAuthenticationError, Reason.AUTH),
    (ModelPermissionDeniedError, Reason.AUTH),
    (ContextOverflowError, Reason.CONTEXT_OVERFLOW),
    (ModelInvalidRequestError, Reason.BAD_REQUEST),
    (ModelNotFoundError, Reason.BAD_REQUEST),
    (ModelAPIError, Reason.SERVER_ERROR),
    (ModelUnusable, Reason.UNUSABLE),
    (ModelError, Reason.GARBAGE),
)


def classify(error: Exception) -> Reason:
    """Of one of ``MODEL_FAILURES``."""
    if isinstance(error, ModelConnectionError) and not isinstance(error, ModelCut):
        return Reason.REFUSED if _never_connected(error) else Reason.CUT
    if isinstance(error, ModelInvalidRequestError) and _is_overflow(error):
        return Reason.CONTEXT_OVERFLOW
    return next(reason for kind, reason in _REASONS if isinstance(error, kind))


def retry_after(error: Exception) -> int | None:
    """Whole seconds that a 429 asks to wait, at most an hour; None when it does not say."""
    response = getattr(error, "response", None)
    if not isinstance(error, ModelRateLimitError) or response is None:
        return None
    return wait_seconds(response.headers, "retry-after")


def _never_connected(error: BaseException) -> bool:
    """By what the HTTP client said, below the SDK and its wrapper."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, httpx2.ConnectError | httpx2.UnsupportedProtocol):
            return True
        cause = cause.__cause__
    return False


def _is_overflow(error: Exception) -> bool:
    said = f"{error} {getattr(error, 'code', '')}".lower()
    return any(sign in said for sign in _OVERFLOWS)
