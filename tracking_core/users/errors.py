"""Why somebody is not let in, or not made."""

from tracking_core.errors import Conflict, Forbidden, HubError, RateLimited, ServiceUnavailable, Unauthorized


class SignInLinkInvalid(Unauthorized):
    code = "sign_in_link_invalid"
    message = "This sign-in link was used already or is too old. Ask for a new one."


class SignInRefused(Unauthorized):
    """One sentence for every reason: who guesses learns nothing."""

    code = "sign_in_refused"
    message = "The e-mail and the password do not go together."


class TooManySignIns(RateLimited):
    code = "too_many_sign_ins"
    message = "Too many attempts. Wait {retry_after_seconds} seconds and try again."


class EmailTaken(Conflict):
    code = "email_taken"
    message = "Somebody with this e-mail is there already."


class NameTaken(Conflict):
    """A name owns cases: two people with one would be one to each other."""

    code = "user_name_taken"
    message = "There is a person of the team with this name already. Choose another name."


class LastOperator(Conflict):
    """Without one, nobody could let anybody in."""

    code = "last_operator"
    message = "This is the last operator. Make somebody else an operator first."


class FieldMalformed(HubError):
    """Of what a person is made of."""

    status = 422
    code = "field_malformed"


class EmailMalformed(FieldMalformed):
    code = "email_malformed"
    message = "This is not an e-mail address. It looks like name@shop.com."


class NameMalformed(FieldMalformed):
    code = "name_malformed"
    message = "Write a name of 1 to 80 characters."


class PasswordTooShort(FieldMalformed):
    code = "password_too_short"
    message = "The password needs at least {characters} characters."


class PasswordTooLong(FieldMalformed):
    code = "password_too_long"
    message = "The password may have at most {characters} characters."


class PasswordGuessable(FieldMalformed):
    code = "password_guessable"
    message = "This password is easy to guess. Four words that do not go together make a good one."


class PasswordIsEmail(FieldMalformed):
    code = "password_is_email"
    message = "The e-mail address is no password. Choose another one."


class PasswordNotTheirs(Forbidden):
    """A password of our own is set by who came by a link a short while ago, or who knows the one before."""

    code = "password_not_theirs"
    message = "Ask an operator for a new link to set your password."


class ProviderUnavailable(ServiceUnavailable):
    """``reason`` is for the log and for nobody else."""

    code = "identity_provider_unavailable"
    message = "The sign-in service of your company did not answer. Try again in a moment."


class ProviderRefused(Unauthorized):
    code = "identity_provider_refused"
    message = "The sign-in service of your company did not say who you are. Begin again."


class SignInOverdue(Unauthorized):
    code = "sign_in_overdue"
    message = "This sign-in took too long or began in another browser. Begin again."


class EmailUnverified(Unauthorized):
    code = "email_unverified"
    message = "The sign-in service of your company has not verified your e-mail address."


class NotInvited(Forbidden):
    code = "not_invited"
    message = "You are not on the team here yet. Ask an operator to invite you."
