"""What stands where somebody reads and a credential was: that it is saved, and which kind it is; nothing of itself."""

from collections.abc import Iterable

from tracking_core.i18n import translate
from tracking_core.models import SecretKind, SetupMessage

KINDS: dict[SecretKind, str] = {
    SecretKind.GATEWAY_CLIENT_ID: "Client ID",
    SecretKind.GATEWAY_CLIENT_SECRET: "Client secret",
    SecretKind.GATEWAY_BASIC: "Basic credential",
    SecretKind.WEBHOOK_SECRET: "Webhook token",
    SecretKind.META_ACCESS_TOKEN: "Meta access token",
    SecretKind.META_APP_SECRET: "Meta app secret",
    SecretKind.UNKNOWN: "Unknown, found in a chat",
}
SAVED, SAVED_KIND = "saved credential", "saved credential: {kind}"


def kinds_in(messages: Iterable[SetupMessage]) -> dict[str, SecretKind]:
    """By reference, of all that was taken out of these messages."""
    return {one["reference"]: SecretKind(one["kind"]) for message in messages for one in message.secrets}


def saved(kind: SecretKind | None, locale: str) -> str:
    """What a reference is called; None where its kind is not known here."""
    if kind is None or kind is SecretKind.UNKNOWN:
        return translate(SAVED, locale)
    return translate(SAVED_KIND, locale).format(kind=translate(KINDS[kind], locale))
