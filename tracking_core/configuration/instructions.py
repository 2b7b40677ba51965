"""What the seller does by hand in a gateway's panel, step by step."""

from tracking_core.i18n import translate

_HOTMART = (
    "In Hotmart, open Tools, then Webhook (API and notifications).",
    "Choose to add a configuration and give it a name, such as Tracking Hub.",
    "In the field for the URL, paste {url}",
    "Choose version 2.0.0 and every event of purchases.",
    "Save, and check that the hottok shown there is the one you entered here.",
)
_OTHER = (
    "In {gateway}'s panel, open the webhook settings.",
    "Add a webhook with the URL {url}",
    "Choose every event of purchases, and save.",
)
_REMOVING = (
    "In {gateway}'s panel, open the webhook settings.",
    "Find the webhook with the URL {url} and delete it.",
)
_LOOKING = "In {gateway}'s panel, account {account}, look whether there is a webhook with the URL {url}"
_DELETING = "If it is there, delete it."
_ADDING = "If it is not there, add it."


def adding(gateway: str, url: str, locale: str) -> list[str]:
    """The steps to add the webhook."""
    return [_told(step, locale, gateway, url) for step in (_HOTMART if gateway == "hotmart" else _OTHER)]


def removing(gateway: str, url: str, locale: str) -> list[str]:
    """The steps to remove a webhook that was added by hand."""
    return [_told(step, locale, gateway, url) for step in _REMOVING]


def checking(gateway: str, account: str, url: str, locale: str, *, should_be_there: bool) -> list[str]:
    """What to look for where the hub could not finish its own work."""
    steps = (_LOOKING, _ADDING if should_be_there else _DELETING)
    return [_told(step, locale, gateway, url, account) for step in steps]


def _told(step: str, locale: str, gateway: str, url: str, account: str = "") -> str:
    return translate(step, locale).format(gateway=gateway.title(), url=url, account=account)
