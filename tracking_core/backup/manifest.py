"""What stands beside a backup: when and of what it was made, and what must be found in it again. No key, no content."""

from datetime import datetime
from hashlib import file_digest
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from tracking_core.backup import rows
from tracking_core.errors import ConfigurationError

SUFFIX = ".manifest.json"


class Manifest(BaseModel):
    """``sha256`` is of the dump's file, ``tenants_sha256`` of the tenants' beside it; ``tables`` are rows, ``ledger``
    sales by state."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    format: Literal[2] = 2
    made_at: datetime
    dump: str
    bytes: int
    sha256: str
    tenants_sha256: str
    revision: str
    tables: dict[str, int]
    ledger: dict[str, int]


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


def prove(dump: Path, told: Manifest) -> None:
    """Both files are those that were made. Raises ConfigurationError."""
    for place, sha256 in ((dump, told.sha256), (rows.place_of(dump), told.tenants_sha256)):
        try:
            found = digest(place)
        except OSError as error:
            raise ConfigurationError(problem=f"{place.name} cannot be read: {error.strerror}.") from None
        if found != sha256:
            damaged = "is not the file that was made: it is damaged or was exchanged. Take another backup."
            raise ConfigurationError(problem=f"{place.name} {damaged}")


def digest(path: Path) -> str:
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()
