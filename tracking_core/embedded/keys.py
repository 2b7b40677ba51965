"""The key-encryption key of a hub that was given none. It stands in this file alone, which is in no backup."""

from collections.abc import Sequence
from pathlib import Path
from uuid import UUID

import psycopg

from tracking_core.errors import ConfigurationError
from tracking_core.secrets.keyring import Keyring, new_key
from tracking_core.settings import Settings

NAME = "secrets.keys"
_ENOUGH_KEYS = 100
_WRAPPED = "SELECT id, wrapped_data_key FROM tenants WHERE octet_length(wrapped_data_key) > 0 ORDER BY id DESC LIMIT %s"


def keys_to_start_with(data_dir: Path, given: str, database_url: str) -> str:
    """As ``HUB_SECRETS_KEYS`` takes them: those given, else those kept, else new ones.

    Raises ConfigurationError, and makes none, when they would open nothing of what the database holds: with others
    every token that is stored would be lost, and what is stored from now on would open for nobody who finds the old.
    """
    known = given or found_keys(data_dir)
    keyring = Keyring(known) if known else None
    wrapped = _wrapped(database_url)
    if wrapped and not (keyring and _opens_any(keyring, wrapped)):
        place = "HUB_SECRETS_KEYS" if given else str((data_dir / NAME).resolve())
        raise ConfigurationError(
            problem=f"The database holds secrets of shops, and {place} opens none of them. Put back the keys that "
            "this hub had (docs/backup.md); if they are lost for good, start anew with another database or --data-dir."
        )
    return known or _kept_keys(data_dir)


def found_keys(data_dir: Path) -> str:
    """Empty when none were made or they are another user's."""
    try:
        return (data_dir / NAME).read_text().strip()
    except OSError:
        return ""


def place_of_keys(settings: Settings) -> str:
    """Where the keys of these settings stand, for people."""
    kept = found_keys(settings.data_dir)
    is_kept = bool(kept) and kept == settings.secrets_keys.get_secret_value()
    return str((settings.data_dir / NAME).resolve()) if is_kept else "HUB_SECRETS_KEYS"


def _kept_keys(data_dir: Path) -> str:
    """Made on first use, readable by their owner only."""
    path = data_dir / NAME
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(new_key("k1"))
    return path.read_text().strip()


def _wrapped(database_url: str) -> list[tuple[UUID, bytes]]:
    with psycopg.connect(database_url.replace("+psycopg", "")) as connection:
        return [(tenant_id, bytes(key)) for tenant_id, key in connection.execute(_WRAPPED, (_ENOUGH_KEYS,))]


def _opens_any(keyring: Keyring, wrapped: Sequence[tuple[UUID, bytes]]) -> bool:
    return any(_opens(keyring, tenant_id, key) for tenant_id, key in wrapped)


def _opens(keyring: Keyring, tenant_id: UUID, key: bytes) -> bool:
    try:
        keyring.open_data_key(key, tenant_id)
    except ConfigurationError:
        return False
    return True
