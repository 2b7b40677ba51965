"""The made-up accounts of a scenario. They follow from its id, so that every run sends the same prompts."""

import base64
import hashlib
from dataclasses import dataclass, field
from uuid import UUID

_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
_ZERO_WIDTH = "\u200b"
_TOKEN_LETTERS, _HOTTOK_LETTERS, _HEX_DIGITS = 120, 36, 64
_DATASET_DIGITS = 15
# Where the fake resolver leads: see ``site``.
PAGE = "https://loja.example/curso"


@dataclass(frozen=True, slots=True)
class Cast:
    """``words`` fill the texts of the scenario; ``secrets`` are those of them that nobody but the vault may keep."""

    scenario: str
    words: dict[str, str] = field(repr=False)
    secrets: dict[str, str] = field(repr=False)

    def filled(self, text: str) -> str:
        """The text with every ``{name}`` replaced. Raises KeyError for a name that nobody has."""
        return text.format_map({**self.words, **self.secrets})

    def __getitem__(self, name: str) -> str:
        return self.secrets.get(name) or self.words[name]


def cast_of(scenario: str) -> Cast:
    token, other_token, wrong_token = (_token(scenario, name) for name in ("token", "other_token", "wrong_token"))
    client_id, client_secret = _uuid(scenario, "client_id"), _uuid(scenario, "client_secret")
    kiwify_secret = _hex(scenario, "kiwify_secret")
    basic = base64.b64encode(f"{client_id}:{client_secret}".encode()).decode()
    middle = len(token) // 2
    secrets = {
        "token": token,
        "other_token": other_token,
        "wrong_token": wrong_token,
        "client_secret": client_secret,
        "wrong_client_secret": _uuid(scenario, "wrong_client_secret"),
        "basic": f"Basic {basic}",
        "hottok": _letters(scenario, "hottok", _HOTTOK_LETTERS),
        "kiwify_secret": kiwify_secret,
        "wrong_kiwify_secret": _hex(scenario, "wrong_kiwify_secret"),
        # Half a token is worth keeping from everyone too, and so is one in disguise.
        "token_start": token[:middle],
        "token_end": token[middle:],
        "token_with_gaps": _ZERO_WIDTH.join(token[at : at + 7] for at in range(0, len(token), 7)),
    }
    words = {
        "page": PAGE,
        "dataset": _digits(scenario, "dataset"),
        "other_dataset": _digits(scenario, "other_dataset"),
        "account": _letters(scenario, "account", 15),
        "other_account": _letters(scenario, "other_account", 15),
        "client_id": client_id,
        "kiwify_id": _uuid(scenario, "kiwify_id"),
    }
    return Cast(scenario, words, secrets)


def _digest(scenario: str, name: str, length: int) -> bytes:
    return hashlib.shake_256(f"{scenario}/{name}".encode()).digest(length)


def _letters(scenario: str, name: str, length: int) -> str:
    return "".join(_LETTERS[byte % len(_LETTERS)] for byte in _digest(scenario, name, length))


def _token(scenario: str, name: str) -> str:
    return f"EAA{_letters(scenario, name, _TOKEN_LETTERS)}"


def _digits(scenario: str, name: str) -> str:
    """Fifteen, the first no zero, as Meta's dataset ids are."""
    first, *rest = _digest(scenario, name, _DATASET_DIGITS)
    return f"{first % 9 + 1}{''.join(str(byte % 10) for byte in rest)}"


def _uuid(scenario: str, name: str) -> str:
    return str(UUID(bytes=_digest(scenario, name, 16), version=4))


def _hex(scenario: str, name: str) -> str:
    return _digest(scenario, name, _HEX_DIGITS // 2).hex()
