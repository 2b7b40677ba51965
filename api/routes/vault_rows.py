"""``/api/v1/operations/secrets``: what may be shown of the vault, and the keys that keep it. Never a value."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request

from api.deps import SessionDep
from api.operators import OperatorDep
from api.routes.operations import locale_of, scope_of
from api.routes.operations_queries import TableQuery
from tracking_core.models import SecretKind, SecretState
from tracking_core.reporting import credentials
from tracking_core.reporting.sentences import told
from tracking_core.secrets import rotation

router = APIRouter(prefix="/api/v1/operations/secrets", tags=["operations"])


class SecretsQuery(TableQuery):
    kind: SecretKind | None = None
    state: SecretState | None = None

    @property
    def search(self) -> credentials.SecretSearch:
        return credentials.SecretSearch(kind=self.kind, state=self.state)


@router.get("")
async def list_secrets(
    asked: Annotated[SecretsQuery, Query()], _operator: OperatorDep, session: SessionDep, request: Request
) -> dict[str, Any]:
    """Newest first: of each its kind, whose it is, its fingerprint, where it is in use, and who opened it last."""
    scope = await scope_of(session, asked)
    page = await credentials.search(session, scope, asked.search, asked.place(credentials.TABLE))
    return {"items": told(page.items, locale_of(request)), "next": page.next}


@router.get("/keys")
async def list_keys(_operator: OperatorDep, session: SessionDep, request: Request) -> dict[str, Any]:
    """The keys that wrap the tenants' own, by their names, and how many tenants, and alert channels of the hub's own,
    each still keeps."""
    return {"items": told(await rotation.key_usage(session), locale_of(request))}
