"""AWS Secrets Manager. Credentials come from the usual AWS variables, files or role."""

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import Any, TypeVar
from uuid import UUID

import boto3  # type: ignore[import-untyped]
from botocore.config import Config  # type: ignore[import-untyped]
from botocore.exceptions import (  # type: ignore[import-untyped]
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    NoCredentialsError,
    PartialCredentialsError,
    ReadTimeoutError,
)
from botocore.parsers import ResponseParserError  # type: ignore[import-untyped]

from tracking_core.errors import ConfigurationError
from tracking_core.models import VaultSecret
from tracking_core.secrets.backends.base import ids_in, in_thread, name_of
from tracking_core.secrets.errors import SecretStoreUnavailable, SecretUnknown, StoreFailure

Result = TypeVar("Result")
_ATTEMPTS = 2
_NOT_THERE = "ResourceNotFoundException"
_BY_STATUS = {401: StoreFailure.REFUSED, 403: StoreFailure.REFUSED, 429: StoreFailure.THROTTLED}
# Answers of status 400, told apart by code:
# docs.aws.amazon.com/secretsmanager/latest/apireference/CommonErrors.html
_BY_CODE = {
    "ThrottlingException": StoreFailure.THROTTLED,
    "AccessDeniedException": StoreFailure.REFUSED,
    "UnrecognizedClientException": StoreFailure.REFUSED,
    "InvalidSignatureException": StoreFailure.REFUSED,
    "ExpiredTokenException": StoreFailure.REFUSED,
}


class AwsBackend:
    name = "aws"

    def __init__(self, *, region: str, endpoint_url: str, prefix: str, timeout_seconds: float) -> None:
        if not region:
            raise ConfigurationError(problem="The vault is in AWS, and HUB_VAULT_AWS_REGION is empty.")
        self._region, self._endpoint_url = region, endpoint_url or None
        self._prefix, self._seconds = prefix, timeout_seconds

    async def keep(self, row: VaultSecret, sealed: bytes) -> None:
        name = name_of(self._prefix, row.id)
        # The request token makes the client's own second try the same write.
        wanted = {"Name": name, "SecretBinary": sealed, "ClientRequestToken": str(row.id)}
        await self._run(lambda: _confirmed(self._client.create_secret(**wanted), name))
        row.external_ref = name

    async def fetch(self, row: VaultSecret) -> bytes:
        sealed = await self._run(lambda: self._client.get_secret_value(SecretId=row.external_ref)["SecretBinary"])
        if sealed is None:
            raise SecretUnknown
        return bytes(sealed)

    async def wipe(self, row: VaultSecret) -> None:
        if row.external_ref:
            await self._delete(row.external_ref)
        row.external_ref = None

    async def drop(self, secret_id: UUID) -> None:
        await self._delete(name_of(self._prefix, secret_id))

    async def kept_outside(self) -> Collection[UUID]:
        return ids_in(self._prefix, await self._run(self._names) or ())

    def close(self) -> None:
        if "_client" in self.__dict__:
            self._client.close()

    async def _delete(self, name: str) -> None:
        """Without the recovery window, in which it could still be read."""
        wanted = {"SecretId": name, "ForceDeleteWithoutRecovery": True}
        await self._run(lambda: _confirmed(self._client.delete_secret(**wanted), name))

    def _names(self) -> list[str]:
        pages = self._client.get_paginator("list_secrets").paginate(
            Filters=[{"Key": "name", "Values": [self._prefix]}], PaginationConfig={"PageSize": 100}
        )
        return [secret["Name"] for page in pages for secret in page["SecretList"]]

    async def _run(self, work: Callable[[], Result]) -> Result | None:
        """None when there is no such secret."""
        return await in_thread(self.name, lambda: _classified(work), self._seconds)

    @cached_property
    def _client(self) -> Any:
        """Made in a thread, for it reads files. Proxies of the environment are not used."""
        config = Config(
            connect_timeout=self._seconds / 2,
            read_timeout=self._seconds / 2,
            retries={"total_max_attempts": _ATTEMPTS, "mode": "standard"},
            proxies={},
        )
        session = boto3.session.Session()
        return session.client(
            "secretsmanager", region_name=self._region, endpoint_url=self._endpoint_url, config=config
        )


def _confirmed(answer: dict[str, Any], name: str) -> bool:
    """The client takes any answer of status 200, a login page too; only one that names the secret is about it."""
    if answer.get("Name") != name:
        raise ValueError("another answer")
    return True


def _classified(work: Callable[[], Result]) -> Result | None:
    with _failures():
        try:
            return work()
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") == _NOT_THERE:
                return None
            raise


@contextmanager
def _failures() -> Iterator[None]:
    """The client's errors, which may quote what was sent, as ours, which do not."""
    try:
        yield
    except ClientError as error:
        failure = _failure_of(error.response)
    except (ConnectTimeoutError, ReadTimeoutError):
        failure = StoreFailure.TIMEOUT
    except (NoCredentialsError, PartialCredentialsError):
        failure = StoreFailure.REFUSED
    except (ResponseParserError, LookupError, TypeError, ValueError, AttributeError):
        failure = StoreFailure.UNEXPECTED
    except BotoCoreError:
        failure = StoreFailure.UNREACHABLE
    else:
        return
    raise SecretStoreUnavailable(failure) from None


def _failure_of(answer: dict[str, Any]) -> StoreFailure:
    status = answer.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    if status >= 500:
        return StoreFailure.FAULT
    by_code = _BY_CODE.get(answer.get("Error", {}).get("Code", ""))
    return by_code or _BY_STATUS.get(status, StoreFailure.UNEXPECTED)
