"""Meta's answers: the bodies, the headers that name version and trace, and nothing of what was sent."""

import random
from dataclasses import dataclass, field
from typing import Any

import orjson
from starlette.responses import Response

from evals.simulators.meta.refusals import Refusal

Json = dict[str, Any]

# By error code; for all others 400.
_STATUSES = {190: 401, 200: 403}
_traces = random.Random()


@dataclass(frozen=True, slots=True)
class Answers:
    """Those of one request. ``has_textual_data``: ``error_data`` is written as JSON text, as Meta also does."""

    version: str
    has_textual_data: bool = False
    headers: dict[str, str] = field(default_factory=dict)

    def taken(self, count: int) -> Response:
        return self.of(200, {"events_received": count, "messages": [], "fbtrace_id": trace()})

    def refused(self, refusal: Refusal) -> Response:
        texts = refusal.reason.value
        return self.error(
            _STATUSES.get(texts.code, 400),
            texts.code,
            texts.subcode,
            refusal.message,
            title=texts.title,
            text=texts.text or refusal.detail,
            path=refusal.path,
        )

    def error(
        self,
        status: int,
        code: int,
        subcode: int | None,
        message: str,
        *,
        title: str,
        text: str,
        path: tuple[str | int, ...] = (),
        is_transient: bool = False,
    ) -> Response:
        error: Json = {"message": message, "type": "OAuthException", "code": code}
        if path:
            blame = {"blame_field_specs": [list(path)]}
            error["error_data"] = orjson.dumps(blame).decode() if self.has_textual_data else blame
        if subcode is not None:
            error["error_subcode"] = subcode
        said = {"is_transient": is_transient, "error_user_title": title, "error_user_msg": text}
        return self.of(status, {"error": {**error, **said, "fbtrace_id": trace()}})

    def of(self, status: int, body: Json) -> Response:
        return Response(orjson.dumps(body), status, self.named(), "application/json")

    def named(self) -> dict[str, str]:
        return {"facebook-api-version": self.version, "x-fb-trace-id": trace(), **self.headers}


def trace() -> str:
    return f"A{_traces.getrandbits(88):022x}"
