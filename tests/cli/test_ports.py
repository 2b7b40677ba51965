"""Ports for servers that start in a while: two who ask are never given the same."""

import socket
import subprocess
import sys

import pytest

from tracking_core.embedded import process

_ANOTHER = "import sys; from tracking_core.embedded import process as p; p._UNASKED_PORTS = eval(sys.argv[1]); "


def test_a_port_that_was_given_is_a_servers_to_take_and_nobody_elses_to_be_given(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    given = process.free_port()
    choice = (given, given + 2)
    command = [sys.executable, "-c", f"{_ANOTHER}print(p.free_port())", str(choice)]
    assert int(subprocess.run(command, capture_output=True, check=True, timeout=60).stdout) == given + 1
    process.require_free(given, "HUB_PORT")
    with socket.create_server(("127.0.0.1", given)), socket.create_connection(("127.0.0.1", given)):
        monkeypatch.setattr(process, "_UNASKED_PORTS", choice)
        assert process.free_port() == given + 1
