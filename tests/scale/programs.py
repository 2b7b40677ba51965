"""Programs that a fleet has around it, on whatever machine the tests are."""

import os
import shutil
import subprocess

_SECONDS = 300
_PLACES = "/usr/sbin:/usr/local/sbin"


class ProgramMissing(RuntimeError):
    """A caller must not turn this into a skipped test."""


def ensure(program: str, package: str) -> str:
    """Its path: installed, else the distribution's package, when we may. Raises ProgramMissing."""
    if found := _installed(program):
        return found
    if os.geteuid() == 0 and shutil.which("apt-get"):
        install = ("apt-get", "install", "-y", "-q", "--no-install-recommends", package)
        for command in (("apt-get", "update", "-q"), install):
            environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
            subprocess.run(command, env=environment, capture_output=True, timeout=_SECONDS, check=False)
    if found := _installed(program):
        return found
    raise ProgramMissing(f"Install {program} (Debian's package {package}): the tests of several replicas need it.")


def _installed(program: str) -> str | None:
    return shutil.which(program, path=f"{os.environ.get('PATH', '')}:{_PLACES}")
