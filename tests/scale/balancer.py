"""A real nginx with the balancer's settings of ``deploy/nginx.conf``, in front of replicas on loopback."""

import re
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.deploy.chart import DEPLOY
from tests.scale.programs import ensure

_STOP_SECONDS = 20


@contextmanager
def balanced(folder: Path, port: int, replicas: Sequence[int]) -> Iterator[None]:
    """On ``port``, while the block lasts. What differs: where the replicas are, and where nginx itself may write."""
    settings = folder / "nginx.conf"
    settings.write_text(_here((DEPLOY / "nginx.conf").read_text(), folder, port, replicas))
    command = [ensure("nginx", "nginx-light"), "-p", str(folder), "-e", "stderr", "-c", str(settings)]
    with (folder / "nginx.log").open("ab") as log:
        process = subprocess.Popen([*command, "-g", "daemon off;"], stdout=log, stderr=log)
    try:
        yield
    finally:
        process.terminate()
        process.wait(_STOP_SECONDS)


def _here(settings: str, folder: Path, port: int, replicas: Sequence[int]) -> str:
    servers = "\n".join(f"server 127.0.0.1:{one} max_fails=3 fail_timeout=5s;" for one in replicas)
    # The names of a composition are resolved by its own server, which an nginx of a distribution cannot ask again.
    settings, changed = re.subn(r"resolver .*;\n", "", settings)
    settings, more = re.subn(r"server api:8000 .*;", servers, settings)
    settings, most = re.subn(r"listen 8080;", f"listen 127.0.0.1:{port};", settings)
    assert changed == more == most == 1
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    own = "".join(f"{kind}_temp_path {folder}/{kind};\n" for kind in kinds) + "access_log off;\n"
    return f"pid {folder}/nginx.pid;\n" + settings.replace("http {\n", f"http {{\n{own}", 1)
