"""The vault's rows, and the keys that keep it. No value is ever shown."""

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from api.deps import SessionDep
from api.routes.vault_rows import SecretsQuery
from api.ui.operations.faces import OperatorConsole
from api.ui.operations.forms import Form
from api.ui.operations.showing import show
from tracking_core.i18n import translate
from tracking_core.reporting import credentials
from tracking_core.secrets import rotation
from tracking_core.secrets.wording import KINDS

router = APIRouter(prefix="/secrets")
_SEE_OTHER = 303
# Of a hundred tenants each; whoever has more presses again, or runs the command.
_BATCHES = 20


@router.get("")
async def list_secrets(console: OperatorConsole, session: SessionDep, request: Request) -> Response:
    form, found = Form(dict(request.query_params), console.who.locale), None
    with form.checked():
        asked = form.read(SecretsQuery)
        found = await credentials.search(session, console.scope, asked.search, asked.place(credentials.TABLE))
    keys = await rotation.key_usage(session)
    kinds = {kind.value: translate(name, console.who.locale) for kind, name in KINDS.items()}
    return show("secrets", console, form=form, found=found, keys=keys, is_due=_is_due(keys), secret_kinds=kinds)


@router.post("/rewrap")
async def rewrap(console: OperatorConsole) -> Response:
    """What older keys keep is kept by the newest, as far as one request may take."""
    batches = 0
    async for _ in rotation.rewrap(actor=console.actor):
        batches += 1
        if batches == _BATCHES:
            break
    return RedirectResponse(console.to("secrets"), _SEE_OTHER)


def _is_due(keys: list[rotation.KeyUsage]) -> bool:
    return any(one.is_due for one in keys)
