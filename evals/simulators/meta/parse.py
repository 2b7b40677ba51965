"""Read a request as Meta does: JSON or form, token in header, body or query, events as objects or as JSON texts."""

import hashlib
import hmac
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

import orjson
from starlette.requests import Request


@dataclass(frozen=True, slots=True)
class Incoming:
    """``data`` is whatever was sent under that name; the token never leaves this object."""

    data: Any
    token: str
    proof: str | None

    def __repr__(self) -> str:
        return "Incoming(***)"


async def read(request: Request) -> Incoming | None:
    """The request's parts, or None when its body cannot be read."""
    body = await request.body()
    try:
        fields = _fields(request.headers.get("content-type", ""), body)
    except (ValueError, UnicodeDecodeError):
        return None
    data = fields.get("data")
    if isinstance(data, list):
        try:
            data = [_unwrapped(one) for one in data]
        except ValueError:
            return None
    bearer = request.headers.get("authorization", "").removeprefix("Bearer ").strip()
    token = bearer or fields.get("access_token") or request.query_params.get("access_token") or ""
    proof = fields.get("appsecret_proof") or request.query_params.get("appsecret_proof")
    return Incoming(data, str(token), proof)


def proof_of(token: str, app_secret: str) -> str:
    """HMAC-SHA256 of the token keyed with the app secret, hex."""
    return hmac.new(app_secret.encode(), token.encode(), hashlib.sha256).hexdigest()


def _fields(content_type: str, body: bytes) -> dict[str, Any]:
    if "json" in content_type:
        parsed = orjson.loads(body)
        return parsed if isinstance(parsed, dict) else {}
    form: dict[str, Any] = dict(parse_qsl(body.decode(), keep_blank_values=True))
    if "data" in form:
        form["data"] = orjson.loads(form["data"])
    return form


def _unwrapped(one: Any) -> Any:
    # The official SDK encodes each event on its own and the list of texts again.
    return orjson.loads(one) if isinstance(one, str) else one
