"""What each of Kiwify's calls needs, how they refuse, and their pages by number."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from evals.simulators.providers.accounts import Account, Permission
from evals.simulators.providers.faults import json_response
from evals.simulators.providers.state import State

_PAGE_SIZE, _PAGE_SIZE_MAX, _PAGE_NUMBER_MAX = 10, 100, 1_000_000
_MESSAGES = {
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not found",
    413: "Payload too large",
    429: "Rate limit exceeded",
}


def refusal(status: int) -> Response:
    return refused(status, _MESSAGES.get(status, "Internal server error" if status >= 500 else "Bad request"))


def refused(status: int, message: str) -> Response:
    """``message`` repeats nothing that was sent."""
    return json_response(status, {"message": message})


def holder(state: State, request: Request, permission: Permission) -> Account | Response:
    """The token and, beside it, the account id: a token alone opens nothing."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    known = state.holder("kiwify", token) if scheme.lower() == "bearer" else None
    account, has_expired = known or (None, True)
    if account is None or has_expired:
        return refusal(401)
    account_id = request.headers.get("x-kiwify-account-id", "")
    if not account_id:
        return refused(400, "x-kiwify-account-id is required")
    if account_id != account.account_id:
        return refused(403, "This account does not belong to the credentials")
    return account if permission in account.permissions else refused(403, "Missing permission")


def paged(request: Request, found: list[dict[str, Any]]) -> Response:
    """The page that was asked for."""
    size = _whole(request.query_params.get("page_size", str(_PAGE_SIZE)), _PAGE_SIZE_MAX)
    number = _whole(request.query_params.get("page_number", "1"), _PAGE_NUMBER_MAX)
    if size is None or number is None:
        return refused(400, "page_size or page_number is not valid")
    pagination = {"count": len(found), "page_number": number, "page_size": size}
    return json_response(200, {"pagination": pagination, "data": found[(number - 1) * size : number * size]})


def _whole(said: str, largest: int) -> int | None:
    """From 1 on."""
    is_number = said.isascii() and said.isdigit() and len(said) <= len(str(largest))
    return int(said) if is_number and 1 <= int(said) <= largest else None
