"""The key-encryption key of a hub that was given none. It stands in this file alone, which is in no backup."""

from pathlib import Path

from tracking_core.secrets.keyring import new_key
from tracking_core.settings import Settings

NAME = "secrets.keys"


def kept_keys(data_dir: Path) -> str:
    """As ``HUB_SECRETS_KEYS`` takes them; made on first use, readable by their owner only."""
    path = data_dir / NAME
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(new_key("k1"))
    return path.read_text().strip()


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
