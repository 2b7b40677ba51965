"""Where settings come from beside the environment and ``.env``, and what is said of those that are wrong."""

import json
import os
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsError

from tracking_core.errors import ConfigurationError

RUNTIME_FILE = "runtime.json"
Read = TypeVar("Read", bound=BaseSettings)


class RuntimeFile(PydanticBaseSettingsSource):
    """What a ``hub up`` that still runs wrote; of one that was killed nothing."""

    def __init__(self, settings_cls: type[BaseSettings], file: PydanticBaseSettingsSource) -> None:
        super().__init__(settings_cls)
        self._file = file

    def get_field_value(self, field: Any, field_name: str) -> tuple[Any, str, bool]:
        return None, field_name, False

    def __call__(self) -> dict[str, Any]:
        data_dir = Path(self.current_state.get("data_dir") or self._file().get("data_dir") or ".hub")
        try:
            written: dict[str, Any] = json.loads((data_dir / RUNTIME_FILE).read_text())
        except (OSError, ValueError):
            return {}
        if not _is_there(written.get("pid")):
            return {}
        return {key: value for key, value in written.items() if key in self.settings_cls.model_fields}


def _is_there(pid: int | None) -> bool:
    try:
        os.kill(pid or 0, 0)
    except PermissionError:
        return True  # another user's
    except OSError:
        return False
    return bool(pid)


def read_settings(kind: type[Read], **said: Any) -> Read:
    """``said`` wins over everything. Raises ConfigurationError, with names and without values."""
    try:
        return kind(**said)
    except ValidationError as error:
        raise ConfigurationError(problem=" ".join(map(_meant, error.errors(include_input=False)))) from None
    except SettingsError as error:
        raise ConfigurationError(problem=f"{error}.") from None


def _meant(one: Any) -> str:
    """A sentence of ours names its setting itself."""
    return str(one.get("ctx", {}).get("error") or f"HUB_{str(one['loc'][0]).upper()}: {one['msg']}.")
