"""The data keys of the tenants, wrapped, in one file beside all backups instead of a copy in each.

It is replaced, never kept: a tenant that was closed has no key in the next one, and every backup ever made is dark for
it from then on. Without the keys of HUB_SECRETS_KEYS the file opens nothing.
"""

import os
from base64 import b64decode, b64encode
from datetime import datetime
from pathlib import Path
from typing import Literal
from uuid import UUID

import psycopg
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from tracking_core.errors import ConfigurationError
from tracking_core.kit import clock

NAME = "hub-keys.json"
_KEYS = "SELECT id, wrapped_data_key, closed_at IS NOT NULL FROM tenants ORDER BY id"


class KeyFile(BaseModel):
    """``keys`` are wrapped, in base64, by tenant; ``closed`` tenants have none."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    format: Literal[1] = 1
    written_at: datetime
    keys: dict[UUID, str] = Field(repr=False)
    closed: list[UUID]

    @property
    def wrapped_by(self) -> list[str]:
        """Names of the keys in HUB_SECRETS_KEYS that it needs."""
        return sorted({key.partition(b"\0")[0].decode() for key in self.wrapped().values()})

    def wrapped(self) -> dict[UUID, bytes]:
        return {tenant_id: b64decode(key) for tenant_id, key in self.keys.items()}


def write(url: str, place: Path) -> KeyFile:
    """As the database has them at this moment, in place of what stood there. Raises ConfigurationError."""
    told = _read_database(url)
    beside = place.with_name(f".{place.name}.{os.getpid()}")
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(beside, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as file:
            file.write(told.model_dump_json(indent=2) + "\n")
            file.flush()
            os.fsync(file.fileno())
        beside.replace(place)
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise ConfigurationError(problem=f"{place} cannot be written: {error.strerror}.") from None
    return told


def read(place: Path) -> KeyFile:
    """Raises ConfigurationError."""
    try:
        return KeyFile.model_validate_json(place.read_bytes())
    except OSError:
        raise ConfigurationError(problem=f"{place} is not there: the data keys are in no backup.") from None
    except ValidationError:
        raise ConfigurationError(problem=f"{place} is no file of data keys.") from None


def _read_database(url: str) -> KeyFile:
    try:
        with psycopg.connect(url.replace("+psycopg", "")) as connection:
            rows = connection.execute(_KEYS).fetchall()
    except psycopg.Error as error:
        raise ConfigurationError(problem=f"The database cannot be read: {type(error).__name__}.") from None
    keys = {tenant_id: b64encode(bytes(key)).decode() for tenant_id, key, is_closed in rows if not is_closed}
    return KeyFile(written_at=clock.now(), keys=keys, closed=[one for one, _, is_closed in rows if is_closed])
