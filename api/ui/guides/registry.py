"""Every guide. A gateway's menus are those of its ``PANEL``; the rest is said here, once for text and picture."""

from agent.chat.basic.guides import PANELS
from agent.chat.basic.slots import Gateway
from api.ui.guides.guide import Guide, Place

EVENTS_MANAGER = "business.facebook.com/events_manager"

_KEYS = "Where to find the keys of your {gateway} account"
_MENU = "Sign in to {gateway} and open {menu} in the menu."
_ITEM = "Choose {item}."
# Hotmart's documentation says Credenciais Developers, its newer panels Credenciais Hotmart.
_ITEM_RENAMED = "Choose {item}. In newer accounts it is called Credenciais Hotmart."
_DATASET = "Open Meta's {manager} ({address}) and choose your dataset, which used to be called pixel."
_TAB = "Open the tab {tab}."


def guide_for(place: Place, gateway: Gateway | None = None) -> Guide:
    """LookupError where the gateway has no such thing, or where the place depends on a gateway that is not said."""
    there = [one for one in GUIDES if one.place == place and (gateway is None or one.gateway in (gateway, None))]
    if len(there) != 1:
        raise LookupError(f"{len(there)} guides for {place} at {gateway or 'any gateway'}")
    return there[0]


def _in_panel(gateway: Gateway, place: Place, title: str, *steps: str, **labels: str) -> Guide:
    """The steps lead along the panel's own path: ``A > B`` is B in the menu A."""
    panel = PANELS[gateway]
    menu, _, item = (panel.webhooks if place is Place.WEBHOOK_SECRET else panel.where).partition(" > ")
    labels |= {"menu": menu, "item": item}
    return Guide(place=place, gateway=gateway, title=title, steps=steps, labels=labels, words={"gateway": panel.label})


def _in_meta(place: Place, title: str, *steps: str, **labels: str) -> Guide:
    labels |= {"manager": "Events Manager", "dataset": "My pixel"}
    return Guide(place=place, title=title, steps=steps, labels=labels, words={"address": EVENTS_MANAGER})


GUIDES: tuple[Guide, ...] = (
    _in_panel(
        "hotmart",
        Place.KEYS,
        _KEYS,
        _MENU,
        _ITEM_RENAMED,
        "Choose {create} and give it any name, such as Hub. Leave sandbox unticked: that is only for tests. If you are"
        " asked for a kind, choose API Hotmart.",
        "Copy the client ID, the client secret and the Basic, one at a time, into the safe field here.",
        create="Create credential",
    ),
    _in_panel(
        "kiwify",
        Place.KEYS,
        _KEYS,
        _MENU,
        _ITEM,
        "Choose {create} and give it any name, such as Hub.",
        "Copy the client ID and the client secret, one at a time, into the safe field here.",
        create="Create API key",
    ),
    _in_panel(
        "kiwify",
        Place.ACCOUNT,
        "Where to find the ID of your {gateway} account",
        _MENU,
        _ITEM,
        "Copy the account ID, which stands beside the client ID, and paste it here. It is no secret.",
    ),
    _in_panel(
        "hotmart",
        Place.WEBHOOK_SECRET,
        "Where to find {gateway}'s hottok, the token of its webhook",
        _MENU,
        _ITEM,
        "Open the tab {tab}. If there is none, look for the word hottok in the webhook's settings.",
        "Copy the hottok into the safe field here. It proves to us that a sale really comes from {gateway}.",
        tab="Authentication",
    ),
    _in_panel(
        "kiwify",
        Place.WEBHOOK_SECRET,
        "Where to find the token of a {gateway} webhook",
        _MENU,
        _ITEM,
        "Open the webhook that you made yourself. One that we made for you needs nothing more.",
        "Copy what stands in the field Token into the safe field here.",
        webhook="My webhook",
    ),
    _in_meta(
        Place.DATASET,
        "Where to find the ID of your dataset (pixel) at Meta",
        "Open Meta's {manager} ({address}), signed in as you are for your ads.",
        "In the list {datasets} choose the one your ads use. A dataset used to be called pixel.",
        "Copy the number under its name, 15 or 16 digits, and paste it here. It is no secret.",
        datasets="Datasets",
    ),
    _in_meta(
        Place.TOKEN,
        "Where to generate Meta's access token",
        _DATASET,
        _TAB,
        "Go down to {section} and choose {create}.",
        "Copy the whole token into the safe field here right away: Meta shows it only this once.",
        tab="Settings",
        section="Conversions API",
        create="Generate access token",
    ),
    _in_meta(
        Place.TEST_CODE,
        "Where to find Meta's test event code",
        _DATASET,
        "Open the tab {tab}. If you are asked for a channel, choose the website.",
        "Copy the code that begins with TEST and paste it here. Our test sale will then appear in that tab.",
        tab="Test Events",
    ),
    Guide(
        place=Place.PAGE,
        title="How to copy the address of your sales page",
        steps=(
            "Open your sales page in the browser, as your buyers see it.",
            "Click or tap the address at the top, so that all of it is selected.",
            "Choose {copy_button} and paste the address here, with the https:// at its beginning.",
        ),
        labels={"copy_button": "Copy"},
    ),
    Guide(
        place=Place.SNIPPET,
        title="Where to paste our script on your page",
        steps=(
            "Beside our script, choose {copy_button}.",
            "In the tool your page was made with, open the field for code in the page's head. It may be called custom"
            " code, header or head.",
            "Paste the script there whole, without changing anything.",
            "Choose {publish}. Do the same on every page that leads to your checkout.",
        ),
        labels={"copy_button": "Copy", "publish": "Publish"},
    ),
)
