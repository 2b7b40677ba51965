"""Why a privacy request is refused. No sentence repeats the value that was sent."""

from tracking_core.errors import Conflict, HubError, RateLimited


class IdentifierMalformed(HubError):
    """Of what a person may be asked for by; one class for each kind."""

    status = 422
    code = "identifier_malformed"


class IdentifierKindUnknown(IdentifierMalformed):
    code = "identifier_kind_unknown"
    message = "A person can be named by email, phone, document, click_id or order."


class EmailUnreadable(IdentifierMalformed):
    code = "identifier_email_malformed"
    message = "This is not one e-mail address. It looks like name@example.com."


class PhoneUnreadable(IdentifierMalformed):
    code = "identifier_phone_malformed"
    message = "This is not a whole phone number. Write it with its area code, as in +55 11 98765-4321."


class DocumentUnreadable(IdentifierMalformed):
    code = "identifier_document_malformed"
    message = "This is neither a CPF nor a CNPJ: its check digits are wrong."


class ClickIdUnreadable(IdentifierMalformed):
    code = "identifier_click_id_malformed"
    message = "A click id has 6 to 128 letters, digits and signs, and no spaces."


class OrderUnreadable(IdentifierMalformed):
    code = "identifier_order_malformed"
    message = "Write the sale's id as the gateway shows it: 4 to 200 characters on one line."


class PersonTooWide(Conflict):
    """Of a value that many people share, such as the shop's own address in every form."""

    code = "privacy_person_too_wide"
    message = "This leads to more than {limit} clicks, visits or sales, so it is hardly one person's. Use another one."


class PlanChanged(Conflict):
    code = "privacy_plan_changed"
    message = "What is kept of this person is no longer what the plan says. Read the new plan, then approve it."


class RequestNotOpen(Conflict):
    code = "privacy_request_not_open"
    message = "This request no longer waits for an approval."


class AskedAtOnce(RateLimited):
    """Each holds a connection of the process for as long as it looks for the person, and webhooks need them too."""

    message = "Another request about a person of this shop is being worked on. Try again in {retry_after_seconds} s."


class StillReading(RateLimited):
    """After an upgrade, or when no worker ran for a while."""

    message = "The gateways' messages are still being looked through. Try again in {retry_after_seconds} s."
