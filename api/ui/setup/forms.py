"""What a form of the wizard asks for, as the wish that the API makes of the same."""

import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, Final, TypeVar

import orjson
from pydantic import BaseModel, ValidationError

from api.credentials import given
from api.field_errors import MESSAGES, field_error, localised
from api.inbox import Wish
from api.routes.setup_actions import ProbeLanding, ValidateGateway, ValidateMeta
from tools.inputs import Preferences
from tracking_core.i18n import translate
from tracking_core.models import SecretKind, VaultSecret
from tracking_core.secrets.keyring import process_keyring
from tracking_core.secrets.rows import reference_of
from tracking_core.setup.inbox import IntentKind

Kept = Mapping[SecretKind, VaultSecret]
Fields = Mapping[str, str]
Body = TypeVar("Body", bound=BaseModel)
# The name of each secret's field in the forms.
SECRET_FIELDS: Final = {
    "client_id": SecretKind.GATEWAY_CLIENT_ID,
    "client_secret": SecretKind.GATEWAY_CLIENT_SECRET,
    "basic": SecretKind.GATEWAY_BASIC,
    "webhook_secret": SecretKind.WEBHOOK_SECRET,
    "access_token": SecretKind.META_ACCESS_TOKEN,
    "app_secret": SecretKind.META_APP_SECRET,
}
# What each checkout has. In the form a field bears the checkout's name before its own.
GATEWAY_FIELDS: Final = {
    "hotmart": ("client_id", "client_secret", "basic", "webhook_secret"),
    "kiwify": ("client_id", "client_secret", "account_id"),
}
CSRF_AND_ONCE: Final = ("csrf", "once")


class FormInvalid(Exception):
    """``errors`` are sentences by the field's name."""

    def __init__(self, errors: dict[str, str]) -> None:
        super().__init__()
        self.errors = errors


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """A form as it came. ``kept`` are the credentials that an empty field stands for; ``can_verify`` says that the
    gateway's webhooks are verified already, with a secret given before."""

    fields: Fields = field(repr=False)
    kept: Kept = field(default_factory=dict, repr=False)
    locale: str
    can_verify: bool = False

    @property
    def gateway(self) -> str:
        return self.fields.get("gateway", "")


def gateway_wish(sent: Sent) -> Wish:
    """Raises FormInvalid."""
    names = GATEWAY_FIELDS.get(sent.gateway, ())
    fields = {name: sent.fields.get(f"{sent.gateway}-{name}", "") for name in names}
    secrets = _secrets(fields, sent.kept, [name for name in names if name in SECRET_FIELDS])
    hook = {"webhook_secret": secrets.pop("webhook_secret")} if "webhook_secret" in secrets else {}
    body = {"gateway": sent.gateway, "credentials": {**secrets, **_present(fields, "account_id")}, **hook}
    asked = _gateway_checked(body, names, sent)
    credentials = {
        name: given(SECRET_FIELDS[name], getattr(asked.credentials, name))
        for name in ("client_id", "client_secret", "basic")
    }
    payload = {
        "gateway": asked.gateway,
        "credentials": {**credentials, "account_id": asked.credentials.account_id},
        "webhook_secret": given(SecretKind.WEBHOOK_SECRET, asked.webhook_secret),
    }
    return Wish(kind=IntentKind.VALIDATE_GATEWAY, payload=payload, body=asked, key=once_key(sent.fields))


def meta_wish(sent: Sent) -> Wish:
    """Raises FormInvalid."""
    secrets = _secrets(sent.fields, sent.kept, ("access_token", "app_secret"))
    asked = checked(ValidateMeta, {**_present(sent.fields, "dataset_id"), **secrets}, sent.locale)
    payload = {
        "dataset_id": asked.dataset_id,
        "access_token": given(SecretKind.META_ACCESS_TOKEN, asked.access_token),
        "app_secret": given(SecretKind.META_APP_SECRET, asked.app_secret),
    }
    return Wish(kind=IntentKind.VALIDATE_META, payload=payload, body=asked, key=once_key(sent.fields))


def page_wish(sent: Sent) -> Wish:
    """Raises FormInvalid. An address without its scheme is one of the web."""
    url = sent.fields.get("url", "").strip()
    if not url:
        raise FormInvalid({"url": translate(MESSAGES["missing"], sent.locale)})
    asked = checked(ProbeLanding, {"url": url if "://" in url else f"https://{url}"}, sent.locale)
    return Wish(kind=IntentKind.PROBE_LANDING, payload={"url": asked.url}, body=asked, key=once_key(sent.fields))


WISHES: Final[dict[str, Callable[[Sent], Wish]]] = {
    "gateway": gateway_wish,
    "meta": meta_wish,
    "page": page_wish,
}


def preferences_wish(chosen: Preferences, fields: Fields) -> Wish:
    return Wish(kind=IntentKind.SET_PREFERENCES, payload=chosen.chosen(), body=chosen, key=once_key(fields))


def checked(form: type[Body], said: dict[str, Any], locale: str) -> Body:
    """Raises FormInvalid."""
    try:
        return form.model_validate(said)
    except ValidationError as invalid:
        raise FormInvalid(errors_of(invalid, locale)) from None


def errors_of(invalid: ValidationError, locale: str) -> dict[str, str]:
    errors = [localised(field_error(item), locale) for item in invalid.errors()]
    return {one["field"].rpartition(".")[2]: one["message"] for one in errors}


def once_key(fields: Fields) -> str:
    """The same for the same form sent twice. Mended and sent again, it is another wish. Keyed: a form may hold
    credentials."""
    said = {name: value for name, value in fields.items() if name not in CSRF_AND_ONCE}
    form = orjson.dumps([fields.get("once", ""), said], option=orjson.OPT_SORT_KEYS)
    return hmac.new(process_keyring().derived("forms")[0], form, sha256).hexdigest()


def _gateway_checked(body: dict[str, Any], names: tuple[str, ...], sent: Sent) -> ValidateGateway:
    """The first plan needs what this check does not: say all of it at once."""
    missing = {"webhook_secret": translate(MESSAGES["missing"], sent.locale)}
    lacks_hook = "webhook_secret" in names and "webhook_secret" not in body and not sent.can_verify
    lacks_account = "account_id" in names and "account_id" not in body["credentials"]
    extra = {**(missing if lacks_hook else {}), **({"account_id": missing["webhook_secret"]} if lacks_account else {})}
    try:
        asked = checked(ValidateGateway, body, sent.locale)
    except FormInvalid as invalid:
        raise FormInvalid({**extra, **invalid.errors}) from None
    if extra:
        raise FormInvalid(extra)
    return asked


def _present(fields: Fields, name: str) -> dict[str, str]:
    value = fields.get(name, "").strip()
    return {name: value} if value else {}


def _secrets(fields: Fields, kept: Kept, names: tuple[str, ...] | list[str]) -> dict[str, str]:
    """As typed; an empty field keeps what is in the vault."""
    found = {}
    for name in names:
        if typed := fields.get(name, "").strip():
            found[name] = typed
        elif row := kept.get(SECRET_FIELDS[name]):
            found[name] = reference_of(row)
    return found
