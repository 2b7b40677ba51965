"""Recordings: replayed by the whole body, red on a miss and on what nobody asked for, readable and without a key."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import httpx2
import pytest
import yaml
from vcr.errors import CannotOverwriteExistingCassetteException

from evals.agent import taping
from evals.agent.tape import Use, taped

TOOLS = [{"type": "function", "function": {"name": "check_page", "parameters": {"type": "object"}}}]
_WORDS = ["Olá", ", tudo", " certo\ncom a página"]


class _Model(BaseHTTPRequestHandler):
    """Streams three words and their cost."""

    asked = 0

    def do_POST(self) -> None:
        type(self).asked += 1
        self.rfile.read(int(self.headers["content-length"]))
        body = _stream().encode()
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("set-cookie", "of=the-server")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


def _chunk(**more: object) -> str:
    said = {"id": "c1", "object": "chat.completion.chunk", "created": 1, "model": "m", **more}
    return f"data: {json.dumps(said, ensure_ascii=False)}\n\n"


def _delta(**delta: object) -> dict[str, Any]:
    return {"choices": [{"index": 0, "delta": delta, "finish_reason": None}]}


def _stream() -> str:
    words = "".join(_chunk(**_delta(content=word)) for word in _WORDS)
    cost = _chunk(choices=[], usage={"total_tokens": 7})
    return f"{_chunk(**_delta(role='assistant', content=''))}{words}{cost}data: [DONE]\n\n"


@pytest.fixture
def url() -> Iterator[str]:
    _Model.asked = 0
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Model)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/v1/chat/completions"
    server.shutdown()
    server.server_close()
    thread.join()


def _ask(url: str, text: str) -> str:
    body = {"model": "m", "messages": [{"role": "user", "content": text}], "tools": TOOLS, "stream": True}
    with httpx2.Client(trust_env=False) as client:
        return client.post(url, json=body, headers={"authorization": "Bearer of-the-seller"}).text


def _said(stream: str) -> str:
    chunks = [json.loads(one) for one in taping.chunks_of(stream) if one != "[DONE]"]
    return "".join(one["choices"][0]["delta"].get("content", "") for one in chunks if one["choices"])


@contextmanager
def _recorded(path: Path, url: str, *texts: str) -> Iterator[None]:
    with taped(path, Use.RECORD):
        for text in texts:
            _ask(url, text)
    yield


def test_what_was_recorded_is_answered_without_a_server(tmp_path: Path, url: str) -> None:
    path = tmp_path / "one.yaml"
    with _recorded(path, url, "oi", "e agora?"):
        asked = _Model.asked
    with taped(path, Use.REPLAY) as tape:
        answer = _ask("http://127.0.0.1:9/v1/chat/completions", "oi")
        _ask("http://127.0.0.1:9/v1/chat/completions", "e agora?")
    assert _said(answer) == "".join(_WORDS)
    assert taping.chunks_of(answer)[-1] == "[DONE]"
    assert (_Model.asked, tape.misses, tape.unplayed) == (asked, [], 0)
    assert len(tape.bodies) == 2


def test_another_word_is_a_miss_that_shows_where(tmp_path: Path, url: str) -> None:
    path = tmp_path / "one.yaml"
    with (
        _recorded(path, url, "verifique a página"),
        taped(path, Use.REPLAY) as tape,
        pytest.raises(CannotOverwriteExistingCassetteException),
    ):
        _ask(url, "verifique o token")
    assert tape.unplayed == 1
    (miss,) = tape.misses
    assert "o token" in miss
    assert "recorded: …" in miss
    assert _Model.asked == 1


def test_the_same_request_twice_needs_two_recordings(tmp_path: Path, url: str) -> None:
    path = tmp_path / "one.yaml"
    with _recorded(path, url, "oi"), taped(path, Use.REPLAY) as tape:
        _ask(url, "oi")
        with pytest.raises(CannotOverwriteExistingCassetteException):
            _ask(url, "oi")
    assert len(tape.misses) == 1


def test_a_recording_is_readable_and_holds_no_key(tmp_path: Path, url: str) -> None:
    path = tmp_path / "one.yaml"
    with _recorded(path, url, "oi", "de novo"):
        kept = path.read_text()
    assert "of-the-seller" not in kept
    assert "of=the-server" not in kept
    assert "127.0.0.1" not in kept
    assert kept.count("check_page") == 1
    first = yaml.safe_load(kept)["interactions"][0]
    assert first["request"]["json"]["messages"] == [{"role": "user", "content": "oi"}]
    words = [one["choices"][0]["delta"].get("content") for one in first["response"]["stream"]["chunks"][:-1]]
    assert words == ["", "".join(_WORDS)] or words == ["".join(_WORDS)]


def test_listening_keeps_the_requests_and_no_file(tmp_path: Path, url: str) -> None:
    path = tmp_path / "one.yaml"
    with taped(path, Use.LISTEN) as tape:
        assert _said(_ask(url, "oi")) == "".join(_WORDS)
    assert not path.exists()
    assert [json.loads(body)["messages"][0]["content"] for body in tape.bodies] == ["oi"]


def test_other_paths_and_a_failed_run_are_not_recorded(tmp_path: Path, url: str) -> None:
    path = tmp_path / "one.yaml"
    with taped(path, Use.RECORD) as tape:
        _ask(url.replace("chat/completions", "other"), "oi")
    assert (tape.bodies, path.exists()) == ([], False)
    with pytest.raises(RuntimeError):
        _break_while_recording(path, url)
    assert not path.exists()


def _break_while_recording(path: Path, url: str) -> None:
    with taped(path, Use.RECORD):
        _ask(url, "oi")
        raise RuntimeError


@pytest.mark.parametrize("said", ['{"error": {"message": "too many"}}', "<html>busy</html>"])
def test_what_is_no_stream_comes_back_as_it_was(said: str) -> None:
    interaction = {
        "request": {"method": "POST", "uri": "http://model/v1/chat/completions", "body": '{"a": 1}', "headers": {}},
        "response": {"status": {"code": 429, "message": "x"}, "headers": {}, "body": {"string": said}},
    }
    back = taping.deserialize(taping.serialize({"version": 1, "interactions": [interaction]}))
    assert back["interactions"][0]["response"]["body"]["string"] == said
    assert json.loads(back["interactions"][0]["request"]["body"]) == {"a": 1}
