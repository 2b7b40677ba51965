"""The form of a recording: bodies as readable YAML, a stream as its chunks with the words joined, a tool list written
once. Reading gives an answer that a client understands the same way."""

from typing import Any

import orjson
import yaml

_DONE = "[DONE]"
_HEAD = ("id", "object", "created", "model", "system_fingerprint", "service_tier")
_WIDTH = 120


def serialize(recording: dict[str, Any]) -> str:
    kept: dict[str, Any] = {}
    interactions = [_packed(one, kept) for one in recording["interactions"]]
    return yaml.dump(
        {**recording, "interactions": interactions}, Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=_WIDTH
    )


def deserialize(text: str) -> dict[str, Any]:
    recording: dict[str, Any] = yaml.safe_load(text)
    return {**recording, "interactions": [_unpacked(one) for one in recording["interactions"]]}


def chunks_of(stream: str) -> list[str]:
    """The data of each event of a stream."""
    return [line.removeprefix("data:").strip() for line in stream.splitlines() if line.startswith("data:")]


class _Dumper(yaml.SafeDumper):
    """Text of several lines is written as such."""


def _write_text(dumper: yaml.SafeDumper, said: str) -> yaml.ScalarNode:
    style = "|" if "\n" in said else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", said, style=style)


_Dumper.add_representer(str, _write_text)


def _packed(interaction: dict[str, Any], kept: dict[str, Any]) -> dict[str, Any]:
    request, response = dict(interaction["request"]), dict(interaction["response"])
    body = orjson.loads(request.pop("body"))
    if "tools" in body:
        # The same object: YAML writes it once and refers to it.
        body["tools"] = kept.setdefault(orjson.dumps(body["tools"]).decode(), body["tools"])
    said = response.pop("body")["string"]
    form = {"stream": _stream(said)} if said.startswith("data:") else {"text": said}
    return {"request": {**request, "json": body}, "response": {**response, **form}}


def _unpacked(interaction: dict[str, Any]) -> dict[str, Any]:
    request, response = dict(interaction["request"]), dict(interaction["response"])
    request["body"] = orjson.dumps(request.pop("json")).decode()
    response["body"] = {"string": _streamed(response.pop("stream")) if "stream" in response else response.pop("text")}
    return {"request": request, "response": response}


def _stream(said: str) -> dict[str, Any]:
    data = chunks_of(said)
    chunks = [orjson.loads(one) for one in data if one != _DONE]
    head = {name: chunks[0][name] for name in _HEAD if chunks and name in chunks[0]}
    rest = [{name: value for name, value in chunk.items() if name not in _HEAD} for chunk in chunks]
    return {"head": head, "chunks": _joined(rest), "is_done": data[-1:] == [_DONE]}


def _streamed(kept: dict[str, Any]) -> str:
    chunks = [orjson.dumps({**kept["head"], **chunk}).decode() for chunk in kept["chunks"]]
    return "".join(f"data: {one}\n\n" for one in [*chunks, *([_DONE] if kept["is_done"] else [])])


def _joined(chunks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Neighbours that only bring words are one."""
    joined: list[dict[str, Any]] = []
    for chunk in chunks:
        if joined and (words := _words(chunk)) is not None and (before := _words(joined[-1])) is not None:
            joined[-1]["choices"][0]["delta"]["content"] = before + words
        else:
            joined.append(chunk)
    return joined


def _words(chunk: dict[str, Any]) -> str | None:
    """What the chunk says, if it says words and nothing else."""
    choices = chunk.get("choices") or []
    if len(choices) != 1 or choices[0].get("finish_reason") or chunk.get("usage"):
        return None
    delta = choices[0].get("delta", {})
    words = delta.get("content")
    return words if set(delta) == {"content"} and isinstance(words, str) else None
