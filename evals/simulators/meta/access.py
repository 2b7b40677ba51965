"""Whether a call may go on: path, token, right to the object and proof, in the order the Graph API looks at them."""

from starlette.types import Scope

from evals.simulators.meta.parse import Incoming
from evals.simulators.meta.refusals import Reason, Refusal
from evals.simulators.meta.state import State, TokenFacts
from evals.simulators.meta.versions import answering_version

# A token of no registered dataset: a system user's of a business app, without an end.
_UNREGISTERED = TokenFacts()
_UNREADABLE = Refusal(Reason.TOKEN, "Invalid OAuth access token - Cannot parse access token")
_EXPIRED = Refusal(Reason.TOKEN_EXPIRED, "Error validating access token: Session has expired")
_REVOKED = Refusal(
    Reason.TOKEN_REVOKED,
    "Error validating access token: The session has been invalidated because the user changed their password or "
    "Facebook has changed the session for security reasons.",
)


def refusal_of_version(state: State, scope: Scope) -> Refusal | None:
    is_version = answering_version(scope["path_params"]["version"], state.clock()) is not None
    return None if is_version else Refusal(Reason.UNKNOWN_PATH, "Unknown path components")


def refusal_of_access(state: State, scope: Scope, incoming: Incoming) -> Refusal | None:
    """For a call to one dataset."""
    if refusal := refusal_of_version(state, scope):
        return refusal
    dataset_id = scope["path_params"]["dataset_id"]
    known, token = state.registered.get(dataset_id), incoming.token
    if known and token != known.access_token:
        return _UNREADABLE
    if refusal := refusal_of_token(known or facts_of(state, token), state.clock()):
        return refusal
    if not known and state.holder(token):
        unsupported = f"Unsupported {scope['method'].lower()} request"
        return Refusal(Reason.NO_OBJECT, f"{unsupported}. Object does not exist or cannot be loaded")
    if not known and not (dataset_id.isascii() and dataset_id.isdigit()):
        return Refusal(Reason.UNKNOWN_ALIAS, "Some of the aliases you requested do not exist")
    return refusal_of_proof(known.app_secret if known else None, incoming)


def facts_of(state: State, token: str) -> TokenFacts | None:
    """None for what is no token at all."""
    return state.holder(token) or (_UNREGISTERED if token.startswith("EAA") else None)


def refusal_of_token(facts: TokenFacts | None, now: float) -> Refusal | None:
    """Why a token is dead; ``now`` in unix seconds."""
    if facts is None:
        return _UNREADABLE
    if facts.is_revoked:
        return _REVOKED
    return _EXPIRED if facts.is_expired or 0 < facts.expires_at <= now else None


def refusal_of_scope(facts: TokenFacts | None) -> Refusal | None:
    """For sending; reading is another right."""
    match facts.missing_scope if facts else None:
        case 10:
            return Refusal(Reason.NO_APP_PERMISSION, "Application does not have permission for this action")
        case 200:
            return Refusal(Reason.NO_PERMISSION, "The token's owner has NOT granted the ads_management permission")
    return None


def refusal_of_proof(app_secret: str | None, incoming: Incoming) -> Refusal | None:
    if not incoming.has_proof():
        missing = "API calls from the server require an appsecret_proof argument"
        return Refusal(Reason.PROOF, missing, ("appsecret_proof",)) if app_secret else None
    if not incoming.is_proven_by(app_secret):
        return Refusal(Reason.PROOF, "Invalid appsecret_proof provided in the API argument", ("appsecret_proof",))
    return None
