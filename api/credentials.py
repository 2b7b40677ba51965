"""Credentials in a request: a reference is checked, what came in clear goes into the vault and leaves a reference."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any

from pydantic import AfterValidator, StringConstraints, TypeAdapter, ValidationError
from pydantic_core import PydanticCustomError
from sqlalchemy.ext.asyncio import AsyncSession

from tracking_core.configuration.facts import Reference
from tracking_core.errors import InvalidRequest
from tracking_core.kit import clock
from tracking_core.models import SecretKind, SetupSession, Tenant, VaultSecret
from tracking_core.secrets import vault
from tracking_core.secrets.codes import MEANINGS, SecretCode
from tracking_core.secrets.errors import SecretUnknown
from tracking_core.secrets.rows import reference_of

NO_REFERENCE = "This begins like the reference of a saved credential and is none. Send the credential or its reference."
_REFERENCE: TypeAdapter[str] = TypeAdapter(Reference)
_PREFIX = "secret:"
_BODY = "body"


def is_reference(text: str) -> bool:
    try:
        _REFERENCE.validate_python(text)
    except ValidationError:
        return False
    return True


def _value_or_reference(text: str) -> str:
    if text.lower().startswith(_PREFIX) and not is_reference(text):
        raise PydanticCustomError("secret_reference", NO_REFERENCE)
    return text


# A secret in clear, or the reference of one that is in the vault.
Secret = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=8_192),
    AfterValidator(_value_or_reference),
]


@dataclass(frozen=True, slots=True)
class Given:
    """A credential as it came, in the place of a payload where its reference is to stand."""

    kind: SecretKind
    text: str = field(repr=False)


def given(kind: SecretKind, text: str | None) -> Given | None:
    return Given(kind, text) if text else None


async def require_references(session: AsyncSession, owner: SetupSession, payload: Mapping[str, Any]) -> None:
    """Raises InvalidRequest, with every field that names a credential which is not this session's and kind's."""
    wrong = [path for path, one in _all(payload) if is_reference(one.text) and not await _opens(session, owner, one)]
    if wrong:
        message = MEANINGS[SecretCode.UNKNOWN].message
        raise InvalidRequest([{"field": path, "code": SecretCode.UNKNOWN, "message": message} for path in wrong])


async def sealed(
    tenant: Tenant, owner: SetupSession, payload: Mapping[str, Any], *, actor: str
) -> dict[str, VaultSecret]:
    """By their place, the rows to be stored of what came in clear. A manager is written here: outside a transaction."""
    return {
        path: await _sealed(tenant, owner, path, one, actor)
        for path, one in _all(payload)
        if not is_reference(one.text)
    }


def filled(payload: Mapping[str, Any], rows: Mapping[str, VaultSecret]) -> dict[str, Any]:
    """The payload with references in the place of all that was given."""
    references = {path: reference_of(row) for path, row in rows.items()}
    return _filled(payload, references, _BODY)


def _all(payload: Mapping[str, Any], place: str = _BODY) -> Iterator[tuple[str, Given]]:
    for name, value in payload.items():
        if isinstance(value, Given):
            yield f"{place}.{name}", value
        elif isinstance(value, Mapping):
            yield from _all(value, f"{place}.{name}")


def _filled(payload: Mapping[str, Any], references: Mapping[str, str], place: str) -> dict[str, Any]:
    def value_of(name: str, value: Any) -> Any:
        if isinstance(value, Given):
            return references.get(f"{place}.{name}", value.text)
        return _filled(value, references, f"{place}.{name}") if isinstance(value, Mapping) else value

    return {name: value_of(name, value) for name, value in payload.items()}


async def _opens(session: AsyncSession, owner: SetupSession, one: Given) -> bool:
    try:
        await vault.require(
            session, one.text, tenant_id=owner.tenant_id, session_id=owner.id, kind=one.kind, now=clock.now()
        )
    except SecretUnknown:
        return False
    return True


async def _sealed(tenant: Tenant, owner: SetupSession, place: str, one: Given, actor: str) -> VaultSecret:
    try:
        return await vault.seal(
            tenant=tenant, kind=one.kind, value=one.text, actor=actor, session_id=owner.id, now=clock.now()
        )
    except InvalidRequest as refused:
        raise InvalidRequest([{**error, "field": place} for error in refused.errors]) from None
