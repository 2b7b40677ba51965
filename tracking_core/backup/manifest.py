"""What stands beside a backup: when and of what it was made, and what must be found in it again. No key, no content."""

from datetime import datetime
from hashlib import file_digest
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from tracking_core.errors import ConfigurationError

SUFFIX = ".manifest.json"


class Manifest(BaseModel):
    """``sha256`` is of the dump's file; ``tables`` are rows, ``ledger`` sales by state; ``key_ids`` name the keys that
    the backup needs, none of which is in it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    format: int = 1
    made_at: datetime
    dump: str
    bytes: int
    sha256: str
    revision: str
    tables: dict[str, int]
    ledger: dict[str, int]
    key_ids: list[str]


def place_of(dump: Path) -> Path:
    return dump.with_name(dump.name + SUFFIX)


def read(dump: Path) -> Manifest:
    """Raises ConfigurationError."""
    try:
        return Manifest.model_validate_json(place_of(dump).read_bytes())
    except OSError:
        raise ConfigurationError(problem=f"{place_of(dump).name} is not beside the backup.") from None
    except ValidationError:
        raise ConfigurationError(problem=f"{place_of(dump).name} is no manifest of a backup.") from None


def digest(path: Path) -> str:
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()
