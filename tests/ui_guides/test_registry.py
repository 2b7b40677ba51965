"""Which guide is whose, and that all of it is said in Portuguese too."""

import inspect
from itertools import chain
from string import Formatter

import pytest

from agent.chat.basic.guides import PANELS
from agent.chat.basic.guides import Place as ToldPlace
from agent.chat.basic.slots import Gateway
from api.ui.guides import GUIDES, Guide, Place, guide_for, registry
from tests.ui_guides.rendering import TEMPLATES, environment
from tracking_core.i18n import translate

OF_A_GATEWAY = {
    (Place.KEYS, "hotmart"),
    (Place.KEYS, "kiwify"),
    (Place.ACCOUNT, "kiwify"),
    (Place.WEBHOOK_SECRET, "hotmart"),
    (Place.WEBHOOK_SECRET, "kiwify"),
}
PICTURES = TEMPLATES / "guides"


def test_every_place_has_its_guides() -> None:
    assert {(one.place, one.gateway) for one in GUIDES if one.gateway} == OF_A_GATEWAY
    elsewhere = [one.place for one in GUIDES if one.gateway is None]
    assert sorted(elsewhere) == sorted(set(Place) - {place for place, _ in OF_A_GATEWAY})


def test_every_value_the_chat_tells_of_has_a_guide() -> None:
    """The button that approves a plan is on the page itself."""
    assert set(ToldPlace) - {ToldPlace.BUTTON} <= {place.value for place in Place}


@pytest.mark.parametrize("guide", GUIDES, ids=lambda one: f"{one.place}-{one.gateway}")
def test_a_guide_is_found_by_its_place_and_gateway(guide: Guide) -> None:
    assert guide_for(guide.place, guide.gateway) is guide
    assert 2 <= len(guide.steps) <= 5


def test_what_no_gateway_changes_is_the_same_at_each() -> None:
    assert guide_for(Place.TOKEN, "hotmart") is guide_for(Place.TOKEN, "kiwify") is guide_for(Place.TOKEN)


def test_what_only_one_gateway_has_needs_no_gateway_said() -> None:
    assert guide_for(Place.ACCOUNT).gateway == "kiwify"


@pytest.mark.parametrize(
    ("place", "gateway"), [(Place.KEYS, None), (Place.WEBHOOK_SECRET, None), (Place.ACCOUNT, "hotmart")]
)
def test_no_guide_is_made_up(place: Place, gateway: Gateway | None) -> None:
    with pytest.raises(LookupError):
        guide_for(place, gateway)


@pytest.mark.parametrize("gateway", PANELS)
def test_the_menus_are_those_of_the_panel_and_written_nowhere_else(gateway: Gateway) -> None:
    panel = PANELS[gateway]
    for place, path in ((Place.KEYS, panel.where), (Place.WEBHOOK_SECRET, panel.webhooks)):
        labels = guide_for(place, gateway).labels
        assert f"{labels['menu']} > {labels['item']}" == path
    sources = [inspect.getsource(registry), *(path.read_text() for path in PICTURES.rglob("*.html"))]
    assert not any(panel.where in source or panel.where.partition(" > ")[0] in source for source in sources)


def _msgids() -> set[str]:
    """Of the guides and of the templates; a gateway's own menus are Portuguese already."""
    menus = {word for panel in PANELS.values() for path in (panel.where, panel.webhooks) for word in path.split(" > ")}
    told = chain.from_iterable((one.title, *one.steps, *one.labels.values()) for one in GUIDES)
    drawn = {
        message
        for path in PICTURES.rglob("*.html")
        for _, _, message in environment("en").extract_translations(path.read_text())  # type: ignore[attr-defined]
        if isinstance(message, str)
    }
    return set(told) - menus | drawn


def _names(message: str) -> set[str | None]:
    return {name for _, name, _, _ in Formatter().parse(message)} - {None}


@pytest.mark.parametrize("message", sorted(_msgids()))
def test_it_is_said_in_portuguese_with_the_same_names(message: str) -> None:
    said = translate(message)
    assert said != message
    assert _names(said) == _names(message)
    # Neither language's words are markup, and a percent sign would be taken for a format.
    assert not set("<>&%") & set(message + said)
