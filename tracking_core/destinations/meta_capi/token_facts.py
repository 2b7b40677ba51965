"""What Meta tells of a token that works: its kind, its end, its permissions, the name of its dataset. All of it may be
impossible to learn, above all for tokens from Events Manager, and none of it makes a token bad."""

import asyncio
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from tracking_core.destinations.meta_capi.errors import number
from tracking_core.destinations.meta_capi.masking import masked
from tracking_core.destinations.meta_capi.proof import appsecret_proof
from tracking_core.kit.json_http import Answer, JsonClient

_WORD = re.compile(r"[A-Za-z0-9_]{1,64}")
_SCOPES_MAX = 60
_NAME_LIMIT_BYTES = 120
_LAST_SECOND = int(datetime(3000, 1, 1, tzinfo=UTC).timestamp())


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenFacts:
    """None is what Meta did not say; ``expires_at`` is None for a token that never ends too.

    ``can_read_dataset`` False: Meta refused, as it does for tokens that can send all the same.
    """

    token_type: str | None = None
    app_id: str | None = None
    scopes: tuple[str, ...] = ()
    expires_at: datetime | None = None
    data_access_expires_at: datetime | None = None
    dataset_name: str | None = None
    can_read_dataset: bool | None = None


@dataclass(frozen=True, slots=True)
class TokenEnd:
    """``at`` None is never."""

    at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Graph:
    """Reads with one token. ``base`` ends in the version."""

    base: str
    access_token: str = field(repr=False)
    app_secret: str | None = field(repr=False)
    timeout_seconds: float

    async def facts(self, dataset_id: str) -> TokenFacts:
        async with JsonClient(timeout_seconds=self.timeout_seconds) as http:
            token, dataset = await asyncio.gather(
                self._get(http, "debug_token", input_token=self.access_token),
                self._get(http, dataset_id, fields="id,name"),
            )
            said = _object(token.fields.get("data"))
            scopes = self._words(said.get("scopes"))
            if not scopes:
                scopes = self._granted(await self._get(http, "me/permissions"))
        return TokenFacts(
            token_type=self._word(said.get("type")),
            app_id=self._word(said.get("app_id")),
            scopes=scopes,
            expires_at=_moment(said.get("expires_at")),
            data_access_expires_at=_moment(said.get("data_access_expires_at")),
            dataset_name=self._name(dataset.fields.get("name"), dataset_id) if dataset.is_success else None,
            can_read_dataset=_can_read(dataset),
        )

    async def end(self) -> TokenEnd | None:
        """None when Meta does not tell, as of tokens from Events Manager."""
        async with JsonClient(timeout_seconds=self.timeout_seconds) as http:
            answer = await self._get(http, "debug_token", input_token=self.access_token)
        said = _object(answer.fields.get("data"))
        return TokenEnd(_moment(said["expires_at"])) if "expires_at" in said else None

    @property
    def secrets(self) -> tuple[str, ...]:
        return (self.access_token, *((self.app_secret,) if self.app_secret else ()))

    async def _get(self, http: JsonClient, path: str, **query: str) -> Answer:
        if self.app_secret:
            query["appsecret_proof"] = appsecret_proof(self.access_token, self.app_secret)
        headers = {"authorization": f"Bearer {self.access_token}"}
        return await http.call("GET", f"{self.base}/{path}", headers=headers, query=query)

    def _granted(self, answer: Answer) -> tuple[str, ...]:
        listed = answer.fields.get("data")
        entries = [_object(one) for one in listed] if isinstance(listed, list) else []
        return self._words([one.get("permission") for one in entries if one.get("status") == "granted"])

    def _words(self, said: object) -> tuple[str, ...]:
        words = [self._word(one) for one in said] if isinstance(said, list) else []
        return tuple(word for word in words if word)[:_SCOPES_MAX]

    def _word(self, said: object) -> str | None:
        """A name of Meta's own; never one with a secret in it."""
        is_word = isinstance(said, str) and _WORD.fullmatch(said)
        return str(said) if is_word and not any(secret in str(said) for secret in self.secrets) else None

    def _name(self, said: object, dataset_id: str) -> str | None:
        """Without the number that stands beside it wherever it is shown: inside a text it would be masked."""
        words = said.replace(dataset_id, "").strip() if isinstance(said, str) else ""
        return shown(words, self.secrets, _NAME_LIMIT_BYTES) if words else None


def shown(text: str, secrets: tuple[str, ...], limit_bytes: int) -> str:
    """Masked twice: what is invisible inside a secret is gone after the first time."""
    return masked(masked(text, secrets=secrets, limit_bytes=4 * limit_bytes), secrets=secrets, limit_bytes=limit_bytes)


def _can_read(answer: Answer) -> bool | None:
    if answer.is_success:
        return True if "id" in answer.fields else None
    return False if answer.status is not None and 400 <= answer.status < 500 and answer.status != 429 else None


def _object(said: object) -> dict[str, Any]:
    return said if isinstance(said, dict) else {}


def _moment(said: object) -> datetime | None:
    """Unix seconds; Meta writes 0 for never."""
    seconds = number(said)
    return datetime.fromtimestamp(seconds, UTC) if seconds and 0 < seconds < _LAST_SECOND else None
