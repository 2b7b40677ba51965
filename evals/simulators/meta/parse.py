"""Read a request as Meta does: JSON or form, token in header, body or query, events as objects or as JSON texts."""

import hashlib
import hmac
import re
from dataclasses import dataclass
from email.parser import BytesParser
from email.policy import HTTP
from typing import Any
from urllib.parse import parse_qsl

import orjson

from evals.simulators.meta.refusals import Refusal, bad, unexpected

EVENTS_MAX = 1_000
_TOP_LEVEL = frozenset(
    {
        *("data", "access_token", "test_event_code", "partner_agent", "namespace_id", "upload_id", "upload_tag"),
        *("upload_source", "appsecret_proof", "appsecret_time"),
    }
)
_SECRET = frozenset({"data", "access_token", "appsecret_proof", "appsecret_time"})
_PROOF = re.compile(r"[0-9a-f]{64}")
_TIME = re.compile(r"[0-9]{1,12}")


@dataclass(frozen=True, slots=True)
class Incoming:
    """``parameters`` are those of body and query together; the token never leaves this object."""

    token: str
    parameters: dict[str, Any]

    def __repr__(self) -> str:
        return "Incoming(***)"

    @property
    def shown(self) -> dict[str, Any]:
        """What may be read back: test_event_code, partner_agent and the like."""
        return {key: value for key, value in self.parameters.items() if key not in _SECRET}

    def has_proof(self) -> bool:
        return "appsecret_proof" in self.parameters

    def is_proven_by(self, app_secret: str | None) -> bool:
        """Whether the proof was made with this secret; with none known, whether it could be a proof at all."""
        proof, at = str(self.parameters.get("appsecret_proof")), self.parameters.get("appsecret_time")
        if not _PROOF.fullmatch(proof) or (at is not None and not _TIME.fullmatch(str(at))):
            return False
        signed = self.token if at is None else f"{self.token}|{at}"
        return app_secret is None or hmac.compare_digest(proof, proof_of(signed, app_secret))


def proof_of(signed: str, app_secret: str) -> str:
    """HMAC-SHA256 keyed with the app secret, hex. ``signed`` is the token, or ``token|time`` with appsecret_time."""
    return hmac.new(app_secret.encode(), signed.encode(), hashlib.sha256).hexdigest()


def read(headers: dict[bytes, bytes], query: bytes, body: bytes) -> Incoming | Refusal:
    """The request's parts, or why its body cannot be read."""
    try:
        fields = _fields(headers.get(b"content-type", b"").decode("latin-1"), body)
        parameters = dict(parse_qsl(query.decode(), keep_blank_values=True)) | fields if query else fields
    except (ValueError, LookupError):
        return bad("The body or the query cannot be read")
    scheme, _, bearer = headers.get(b"authorization", b"").decode("latin-1").partition(" ")
    token = bearer.strip() if scheme.lower() == "bearer" else ""
    return Incoming(token or str(parameters.get("access_token") or ""), parameters)


def events_of(parameters: dict[str, Any]) -> list[Any] | Refusal:
    """The events, decoded where each was a JSON text; or why the request's top level is refused."""
    if unknown := parameters.keys() - _TOP_LEVEL:
        return unexpected(unknown, "the request")
    for key in parameters.keys() - {"data"}:
        if not isinstance(parameters[key], str | int) or isinstance(parameters[key], bool):
            return bad(f"Param {key} must be text", key)
    data = parameters.get("data")
    if not isinstance(data, list):
        return bad("Param data must be an array", "data")
    if not 1 <= len(data) <= EVENTS_MAX:
        return bad(f"Param data must have between 1 and {EVENTS_MAX} events", "data")
    return _decoded(data)


def _decoded(data: list[Any]) -> list[Any] | Refusal:
    # The official SDK encodes each event on its own and the list of texts again.
    try:
        return [orjson.loads(one) if isinstance(one, str) else one for one in data]
    except ValueError:
        return bad("Each of param data must be an object", "data")


def _fields(content_type: str, body: bytes) -> dict[str, Any]:
    if "json" in content_type:
        parsed = orjson.loads(body)
        if not isinstance(parsed, dict):
            raise ValueError("not an object")
        return parsed
    form = _multipart(content_type, body) if "multipart/" in content_type else _urlencoded(body)
    return form | {"data": orjson.loads(form["data"])} if "data" in form else form


def _urlencoded(body: bytes) -> dict[str, Any]:
    return dict(parse_qsl(body.decode(), keep_blank_values=True))


def _multipart(content_type: str, body: bytes) -> dict[str, Any]:
    """What ``curl -F`` sends, as in the documentation's examples."""
    head = f"content-type: {content_type}\r\n\r\n".encode()
    parts = BytesParser(policy=HTTP).parsebytes(head + body).walk()
    named = ((part.get_param("name", header="content-disposition"), part.get_payload(decode=True)) for part in parts)
    return {name: text.decode() for name, text in named if isinstance(name, str) and isinstance(text, bytes)}
