"""PostgreSQL's own programs, as they come with the embedded server: of the newest version, which reads older ones."""

import os
import subprocess

from sqlalchemy import make_url

from tracking_core.embedded.postgres import BIN
from tracking_core.errors import ConfigurationError

_TAIL = 500


def run(program: str, *arguments: str, url: str) -> None:
    """Against the database at ``url``. The password goes by the environment, where no list of processes shows it.
    Raises ConfigurationError with the end of what the program said."""
    try:
        subprocess.run([str(BIN / program), *arguments], check=True, capture_output=True, env=_environment(url))
    except subprocess.CalledProcessError as error:
        said = error.stderr.decode(errors="replace").strip()[-_TAIL:]
        raise ConfigurationError(problem=f"{program} failed: {said}") from None


def _environment(url: str) -> dict[str, str]:
    parts = make_url(url)
    known = {
        "PGHOST": parts.host,
        "PGPORT": str(parts.port) if parts.port else None,
        "PGUSER": parts.username,
        "PGPASSWORD": str(parts.password) if parts.password else None,
        "PGDATABASE": parts.database,
        "PGSSLMODE": parts.query.get("sslmode"),
        "PGSSLROOTCERT": parts.query.get("sslrootcert"),
        "PATH": os.environ.get("PATH"),
    }
    return {name: str(value) for name, value in known.items() if value}
