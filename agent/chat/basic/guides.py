"""Where a seller finds each value that the setup asks for. Panels' paths are those of the gateways themselves."""

from collections.abc import Sequence
from enum import StrEnum

from agent.chat.basic.folding import words_of
from agent.chat.basic.slots import Gateway
from tracking_core.gateways.api_answers import Panel
from tracking_core.gateways.hotmart.api import PANEL as HOTMART
from tracking_core.gateways.kiwify.access import PANEL as KIWIFY
from tracking_core.i18n import translate

PANELS: dict[Gateway, Panel] = {"hotmart": HOTMART, "kiwify": KIWIFY}


class Place(StrEnum):
    KEYS = "keys"
    ACCOUNT = "account"
    WEBHOOK_SECRET = "webhook_secret"  # noqa: S105 - the name of a place
    TOKEN = "token"  # noqa: S105
    DATASET = "dataset"
    PAGE = "page"
    TEST_CODE = "test_code"
    BUTTON = "button"


_KEYS = (
    "In {gateway} open {where} and create a credential (production): client ID and client secret are shown there. Put"
    " them into the safe field."
)
_ACCOUNT = "In Kiwify open {where}: the account ID is shown beside the client ID. It is no secret: send it here."
_WEBHOOK_SECRET = (
    "In {gateway} open {webhooks}: the webhook's token (hottok) is shown there. Put it into the safe field."  # noqa: S105
)
_TOKEN = (
    "In Meta's Events Manager open your dataset (pixel), then Settings > Conversions API, and generate an access token."  # noqa: S105
    " Copy it whole into the safe field."
)
_DATASET = (
    "In Meta's Events Manager choose your dataset (what used to be called pixel): its ID is the number under its name,"
    " 15 or 16 digits. It is no secret: send it here."
)
_PAGE = "Open your sales page in the browser and copy its whole address from the top. Send it here."
_TEST_CODE = (
    "In Meta's Events Manager open your dataset and the tab Test Events: the code begins with TEST. Send it here."
)
_BUTTON = "When the plan is ready it stands below this chat, with a button to approve it and one to refuse it."
_TEXTS = {
    Place.KEYS: _KEYS,
    Place.ACCOUNT: _ACCOUNT,
    Place.WEBHOOK_SECRET: _WEBHOOK_SECRET,
    Place.TOKEN: _TOKEN,
    Place.DATASET: _DATASET,
    Place.PAGE: _PAGE,
    Place.TEST_CODE: _TEST_CODE,
    Place.BUTTON: _BUTTON,
}
# The first that is named; "token" is also in Kiwify's and Hotmart's words for the webhook's secret.
_NAMED: tuple[tuple[Place, frozenset[str]], ...] = (
    (Place.TEST_CODE, frozenset({"codigo", "code"})),
    (Place.WEBHOOK_SECRET, frozenset({"hottok", "webhook", "webhooks"})),
    (Place.KEYS, frozenset({"client", "clientid", "secret", "basic", "chave", "chaves", "key", "keys", "api"})),
    (Place.ACCOUNT, frozenset({"account", "conta"})),
    (Place.TOKEN, frozenset({"token", "tokens", "tokem"})),
    (Place.DATASET, frozenset({"dataset", "pixel", "conjunto", "datset"})),
    (Place.KEYS, frozenset({"credencial", "credenciais", "credential", "credentials"})),
    (Place.BUTTON, frozenset({"botao", "button", "aprovar", "approve", "plano", "plan"})),
    (Place.PAGE, frozenset({"pagina", "page", "link", "url", "site", "endereco"})),
)


def place_in(text: str) -> Place | None:
    """The value whose place is asked for."""
    words = set(words_of(text))
    return next((place for place, names in _NAMED if names & words), None)


def guide(place: Place, gateway: Gateway | None, locale: str) -> str:
    """For both gateways when it is not known which."""
    panels = [PANELS[gateway]] if gateway else list(PANELS.values())
    if place is Place.ACCOUNT:
        panels = [KIWIFY]
    elif place is Place.WEBHOOK_SECRET and gateway is None:
        panels = [HOTMART]
    elif place not in (Place.KEYS, Place.WEBHOOK_SECRET):
        return translate(_TEXTS[place], locale)
    return "\n".join(_of(place, panel, locale) for panel in panels)


def label(gateway: Gateway) -> str:
    """As its sellers know it."""
    return PANELS[gateway].label


def listed(names: Sequence[str], locale: str) -> str:
    """``a``, ``a and b``, ``a, b and c`` in the language."""
    if len(names) < 2:
        return "".join(names)
    return translate("{first} and {last}", locale).format(first=", ".join(names[:-1]), last=names[-1])


def _of(place: Place, panel: Panel, locale: str) -> str:
    text = translate(_TEXTS[place], locale)
    return text.format(gateway=panel.label, where=panel.where, webhooks=panel.webhooks)
