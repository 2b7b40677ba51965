"""Errors a caller can meet. Each class is one state with one stable ``code``; the edge turns it into problem JSON.

HubError
├── InvalidRequest              422  a field is missing or wrong
│   └── MalformedBody           400  the body is not what its content type says
├── Unauthorized                401  no key, or a key we do not know
│   ├── StaffKeyUnknown         401  (tracking_core.staff.errors)
│   ├── SignInLinkInvalid       401  (tracking_core.users.errors, as all of signing in)
│   ├── SignInRefused           401
│   ├── SignInOverdue           401  (tracking_core.users.oidc, as the next two)
│   ├── ProviderRefused         401
│   ├── EmailUnverified         401
│   └── SignatureInvalid        401  the webhook is not from the gateway
├── Forbidden                   403  the key may not do this
│   ├── NotInvited              403  (tracking_core.users)
│   ├── PasswordNotTheirs       403
│   ├── FormRefused             403  not sent by a page of ours (api.ui.security)
│   └── SellersOnly             403  (api.ui.setup.access)
├── NotFound                    404
│   ├── EmbedExpired            404  (api.ui.status.tokens)
│   └── ScreenshotGone          410
├── Conflict                    409
│   ├── ApprovalNotPending      409  decided, withdrawn or replaced since
│   ├── ApprovalExpired         409
│   ├── ApprovalMismatch        409  the hash is of another plan than the one that waits
│   ├── SetupBusy               409  something else is queued before it
│   ├── ScreenshotsFull         409
│   ├── HandoffTaken            409  a colleague has the case (tracking_core.handoff.errors)
│   ├── HandoffClosed           409
│   ├── StaffNameTaken          409  (tracking_core.staff.errors)
│   ├── EmailTaken              409
│   ├── NameTaken               409
│   ├── LastOperator            409
│   ├── ShutOut                 409  (api.ui.people.person)
│   ├── CaseMoved               409  (api.ui.desk.errors)
│   ├── CaseNotYours            409
│   ├── DeadLettersChanged      409  not those of the preview (tracking_core.delivery.replay)
│   ├── SettingsChanged         409  by somebody else (tracking_core.tenants.preferences)
│   ├── ConsentInSetup          409
│   ├── ClosingNotConfirmed     409  the name is another (tracking_core.tenants.errors)
│   └── IdempotencyKeyReused    409  the same key with another wish (tracking_core.setup.inbox)
├── BodyTooLarge                413
│   └── ScreenshotTooLarge      413  (tracking_core.screenshots.errors, as all of screenshots)
├── ScreenshotRefused           422  no picture that can be kept; one class for each reason
├── FieldMalformed              422  of a person; one class for each field (tracking_core.users)
├── RateLimited                 429  carries ``retry_after_seconds``
│   ├── ChatFull                429  too much waits for an answer (tracking_core.chat.keep)
│   ├── ScreenshotsTooOften     429
│   ├── TooManySignIns          429
│   └── InboxFull               429  too much queued in one setup (tracking_core.setup.inbox)
├── ServiceUnavailable          503  nothing was kept; try again
│   ├── ProviderUnavailable     503  (tracking_core.users.oidc)
│   └── ScreenshotUnavailable   503
├── StaleFence                  500  another worker holds the setup session by now; never leaves the worker
└── ConfigurationError          500  the operator must act; says what to do
    └── TenantClosed            410  (tracking_core.tenants.errors)

Messages are English msgids with ``{placeholders}``; the edge translates them (pt-BR first).
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
    message = "This key may not do that."


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
    message = "Too many requests with this key. Try again in {retry_after_seconds} s."


class ServiceUnavailable(HubError):
    status = 503
    code = "service_unavailable"
    message = "The request was not saved because the database did not answer. Send it again."


class ConfigurationError(HubError):
    status = 500
    code = "configuration_error"
    message = "{problem}"
