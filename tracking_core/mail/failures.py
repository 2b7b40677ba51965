"""What a failure over SMTP means. The server's words are not repeated: a refusal quotes what was sent."""

import ssl

import aiosmtplib

from tracking_core.notifications.kinds import Failed, FailureKind


def failure_of(error: BaseException) -> Failed:
    match error:
        case aiosmtplib.SMTPAuthenticationError(code=code):
            return _by_code("auth", code, FailureKind.MISCONFIGURED)
        case aiosmtplib.SMTPSenderRefused(code=code):
            return _by_code("sender", code, FailureKind.MISCONFIGURED)
        case aiosmtplib.SMTPRecipientsRefused(recipients=recipients):
            # One that may be taken later is worth another try.
            return _by_code("recipient", min(one.code for one in recipients), FailureKind.PERMANENT)
        case aiosmtplib.SMTPResponseException(code=code):
            return _by_code("smtp", code, FailureKind.PERMANENT)
        case TimeoutError():
            return Failed(FailureKind.TRANSIENT, "timed_out")
        case OSError():
            is_untrusted = isinstance(_root(error), ssl.SSLCertVerificationError)
            kind = FailureKind.MISCONFIGURED if is_untrusted else FailureKind.TRANSIENT
            return Failed(kind, "certificate_refused" if is_untrusted else "connection_lost")
        case _:
            # STARTTLS or authentication that the server does not offer; a header it cannot take.
            return Failed(FailureKind.MISCONFIGURED, "not_supported")


def _by_code(step: str, code: int, lasting: FailureKind) -> Failed:
    """4xx is for now (RFC 5321, 4.2.1)."""
    return Failed(FailureKind.TRANSIENT if 400 <= code < 500 else lasting, f"{step}_{code}")


def _root(error: BaseException) -> BaseException:
    while cause := error.__cause__ or error.__context__:
        error = cause
    return error
