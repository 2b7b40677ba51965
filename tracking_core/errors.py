"""Errors a caller can meet. Each class is one state with one stable ``code``; the edge turns it into problem JSON.

A noun has its own below these, in its ``errors.py``; docs/errors.md lists all of them. Messages are English msgids with
``{placeholders}``; the edge translates them (pt-BR first).
"""

from typing import ClassVar


class HubError(Exception):
    """Base of every expected failure. ``params`` fill the message's placeholders and never hold a secret."""

    status: ClassVar[int] = 500
    code: ClassVar[str] = "internal_error"
    message: ClassVar[str] = "Something failed on our side. Nothing was lost; try again in a moment."

    def __init__(self, **params: object) -> None:
        self.params = params
        super().__init__(self.message.format(**params) if params else self.message)


class InvalidRequest(HubError):
    """``errors`` is a list of ``{field, code, message}``; values sent are never repeated."""

    status = 422
    code = "invalid_request"
    message = "One or more fields are missing or wrong. See the list of errors."

    def __init__(self, errors: list[dict[str, str]]) -> None:
        super().__init__()
        self.errors = errors


class MalformedBody(HubError):
    status = 400
    code = "malformed_body"
    message = "The body is not a JSON object in UTF-8."


class Unauthorized(HubError):
    status = 401
    code = "unauthorized"
    message = "The key is missing or not known. Send the write key or the secret key of your tenant."


class SignatureInvalid(HubError):
    status = 401
    code = "webhook_signature_invalid"
    message = "The webhook's signature does not match the secret saved for this endpoint."


class Forbidden(HubError):
    status = 403
    code = "forbidden"
    message = "This key or sign-in may not do that."


class NotFound(HubError):
    status = 404
    code = "not_found"
    message = "There is no such {what}."


class Conflict(HubError):
    status = 409
    code = "conflict"
    message = "{what} is in another state: {reason}."


class ApprovalNotPending(Conflict):
    code = "approval_not_pending"
    message = "This plan no longer waits for a decision. Ask for the plan again."


class ApprovalExpired(Conflict):
    code = "approval_expired"
    message = "The time to decide on this plan is over. Ask for the plan again."


class ApprovalMismatch(Conflict):
    code = "approval_mismatch"
    message = "This is not the plan that waits for a decision: something changed. Read the new plan and decide on it."


class SetupBusy(Conflict):
    code = "setup_busy"
    message = "Something else you asked for is still under way. Decide when it is done."


class StaleFence(HubError):
    code = "stale_fence"
    message = "Another worker took over this setup session."


class BodyTooLarge(HubError):
    status = 413
    code = "body_too_large"
    message = "The body is larger than {limit_bytes} bytes."


class RateLimited(HubError):
    status = 429
    code = "rate_limited"
    message = "Too many requests in a short time. Try again in {retry_after_seconds} s."


class ServiceUnavailable(HubError):
    status = 503
    code = "service_unavailable"
    message = "The request was not saved because the database did not answer. Send it again."


class ConfigurationError(HubError):
    status = 500
    code = "configuration_error"
    message = "{problem}"
