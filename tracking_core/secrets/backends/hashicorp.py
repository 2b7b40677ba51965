"""HashiCorp Vault, KV secrets engine version 2 (OpenBao speaks the same)."""

import base64
from collections.abc import Callable, Collection
from typing import Any, TypeVar
from uuid import UUID

import hvac  # type: ignore[import-untyped]
import requests
from hvac import exceptions
from pydantic import SecretStr
from requests.adapters import HTTPAdapter

from tracking_core.errors import ConfigurationError
from tracking_core.models import VaultSecret
from tracking_core.secrets.backends.base import ids_in, in_thread, name_of
from tracking_core.secrets.errors import SecretStoreUnavailable, SecretUnknown, StoreFailure

Result = TypeVar("Result")
_FAULTS = (
    exceptions.InternalServerError,
    exceptions.BadGateway,
    exceptions.VaultDown,
    exceptions.VaultNotInitialized,
)
_FIELD = "sealed"
_BODY_LIMIT_BYTES = 8 * 1_048_576  # a list of some hundred thousand names
_CHUNK_BYTES = 65_536


class HashicorpBackend:
    """Redirects are refused: a standby that redirects is to be addressed by the cluster's own name."""

    name = "hashicorp"

    def __init__(
        self, *, address: str, mount: str, token: SecretStr, ca_file: str, prefix: str, timeout_seconds: float
    ) -> None:
        if not address or not token.get_secret_value():
            raise ConfigurationError(
                problem="The vault is HashiCorp's: set HUB_VAULT_HASHICORP_ADDRESS and HUB_VAULT_HASHICORP_TOKEN."
            )
        self._mount, self._prefix, self._seconds = mount, prefix, timeout_seconds
        self._session = _session(ca_file)
        client = hvac.Client(
            url=address,
            token=token.get_secret_value(),
            timeout=timeout_seconds / 2,
            allow_redirects=False,
            session=self._session,
        )
        self._kv = client.secrets.kv.v2

    async def keep(self, row: VaultSecret, sealed: bytes) -> None:
        name = name_of(self._prefix, row.id)
        await self._run(lambda: self._write(name, {_FIELD: base64.b64encode(sealed).decode()}))
        row.external_ref = name

    async def fetch(self, row: VaultSecret) -> bytes:
        name = row.external_ref or ""
        sealed = await self._run(lambda: self._read(name)) if name else None
        if sealed is None:
            raise SecretUnknown
        return sealed

    async def wipe(self, row: VaultSecret) -> None:
        name = row.external_ref or ""
        if name:
            await self._run(lambda: self._delete(name))
        row.external_ref = None

    async def drop(self, secret_id: UUID) -> None:
        name = name_of(self._prefix, secret_id)
        await self._run(lambda: self._delete(name))

    async def kept_outside(self) -> Collection[UUID]:
        return ids_in(self._prefix, await self._run(self._names) or ())

    def close(self) -> None:
        self._session.close()

    def _write(self, name: str, value: dict[str, str]) -> int:
        answer = self._kv.create_or_update_secret(name, value, mount_point=self._mount)
        return int(answer["data"]["version"])  # no version, not written: a redirect or a page of something else

    def _read(self, name: str) -> bytes:
        answer = self._kv.read_secret_version(name, mount_point=self._mount, raise_on_deleted_version=True)
        return base64.b64decode(answer["data"]["data"][_FIELD], validate=True)

    def _delete(self, name: str) -> None:
        """Every version and the name itself: a KV delete alone can be undone."""
        answer = self._kv.delete_metadata_and_all_versions(name, mount_point=self._mount)
        if answer.status_code != requests.codes.no_content:
            raise ValueError(answer.status_code)

    def _names(self) -> list[str]:
        answer = self._kv.list_secrets(self._prefix, mount_point=self._mount)
        return [name_of(self._prefix, key) for key in answer["data"]["keys"]]

    async def _run(self, work: Callable[[], Result]) -> Result | None:
        """None when there is no such secret."""
        return await in_thread(self.name, lambda: _classified(work), self._seconds)


def _classified(work: Callable[[], Result]) -> Result | None:
    """The client's errors, which quote the answer and the address, as ours, which do not."""
    try:
        return work()
    except exceptions.InvalidPath:
        return None
    except (exceptions.Forbidden, exceptions.Unauthorized):
        failure = StoreFailure.REFUSED
    except exceptions.RateLimitExceeded:
        failure = StoreFailure.THROTTLED
    except (
        exceptions.InternalServerError,
        exceptions.BadGateway,
        exceptions.VaultDown,
        exceptions.VaultNotInitialized,
    ):
        failure = StoreFailure.FAULT
    except requests.Timeout:
        failure = StoreFailure.TIMEOUT
    except requests.ConnectionError:
        failure = StoreFailure.UNREACHABLE
    except (exceptions.VaultError, requests.RequestException, LookupError, TypeError, ValueError, AttributeError):
        failure = StoreFailure.UNEXPECTED
    raise SecretStoreUnavailable(failure) from None


def _session(ca_file: str) -> requests.Session:
    """Without the environment's proxies, certificates and .netrc, and with bounded answers."""
    session = requests.Session()
    session.trust_env = False
    session.verify = ca_file or True
    for scheme in ("http://", "https://"):
        session.mount(scheme, _BoundedAdapter())
    return session


class _BoundedAdapter(HTTPAdapter):
    """Reads an answer up to a limit; requests alone reads it whole, whatever its size."""

    def send(self, request: requests.PreparedRequest, stream: bool = False, *rest: Any, **options: Any) -> Any:
        answer = super().send(request, True, *rest, **options)
        body = bytearray()
        for chunk in answer.iter_content(_CHUNK_BYTES):
            body += chunk
            if len(body) > _BODY_LIMIT_BYTES:
                answer.close()
                raise requests.exceptions.ContentDecodingError("The answer is too large.")
        answer._content = bytes(body)
        return answer
