"""The whole hub in one browser: two setups by clicking, a person called and given back from both sides, and every page
of the registry looked at once: by axe in both themes, on a phone and wide, and on the scales."""

import pytest
from playwright.sync_api import Browser, Page, expect

from api.ui.paths import DESK, SETUPS
from evals.pages.accessible import beyond, violations
from evals.pages.browser import PATIENCE_MS, PHONE, WIDE, arrive
from evals.pages.clicks import LIMITS, over
from evals.pages.registry import PAGES, Shown, Version
from evals.pages.story import Scene
from evals.pages.visiting import by_person, complaints, still, visit, window
from evals.pages.weight import Weight, scales

pytestmark = pytest.mark.timeout(600)
_STEPS = [(who, pages) for who, pages in by_person(PAGES)]


def test_a_setup_asks_for_no_more_clicks_and_fields_than_it_may(scene: Scene) -> None:
    """One in each language, on a phone."""
    assert set(scene.counts) == set(LIMITS)
    assert {name: over(name, one) for name, one in scene.counts.items() if over(name, one)} == {}
    assert scene.noise == []


def test_the_platform_lists_what_is_sold_in_the_story(scene: Scene) -> None:
    """Nothing of it is called a sale that only the ledger has."""
    found = scene.hub.stack.rows(
        "SELECT found > 0, differences FROM reconciliation_runs WHERE id = %s", scene.places["run"]
    )
    assert found == [(True, 0)]


def test_a_person_is_called_and_gives_back_seen_from_both_sides(scene: Scene, browser: Browser) -> None:
    iara = arrive(browser, scene.hub.origin, size=PHONE, state=scene.states["iara"])
    bia = arrive(browser, scene.hub.origin, size=WIDE, state=scene.states["bia"])
    setup = f"{SETUPS}/{scene.places['setup_iara']}"
    iara.page.goto(f"{setup}?step=gateway#chat")
    iara.page.locator("[data-chat=person] summary").click()
    iara.page.locator("#chat-note").fill("Não acho as credenciais")
    iara.press("Call a person")
    notices = iara.page.locator("[data-part=notices]")
    expect(notices).to_contain_text("Uma pessoa da nossa equipe foi chamada.", timeout=PATIENCE_MS)

    bia.page.goto(DESK)
    bia.page.get_by_role("link", name="Horta da Iara", exact=True).click()
    expect(bia.page.locator("main")).to_contain_text("Não acho as credenciais")
    bia.press("Take the case")
    expect(notices).to_contain_text("Bia Castro, da nossa equipe, está com você", timeout=PATIENCE_MS)
    bia.page.get_by_label(bia.say("Write to the seller")).fill("Oi, Iara! Elas ficam em Ferramentas.")
    bia.press("Send")
    said = iara.page.locator("[role=log] li")
    expect(said.filter(has_text="Elas ficam em Ferramentas.")).to_have_count(1, timeout=PATIENCE_MS)
    status = iara.context.new_page()
    status.goto(f"{setup}/status")
    expect(status.locator("main")).to_contain_text("Bia Castro")

    iara.page.locator("#chat-text").fill("achei, obrigada!")
    iara.press("Send")
    expect(bia.page.locator("#conversation")).to_contain_text("achei, obrigada!", timeout=PATIENCE_MS)
    bia.page.reload()
    bia.press("Give back to the assistant")
    expect(bia.page.locator("#notice")).to_contain_text("O caso foi devolvido")
    expect(notices).not_to_contain_text("Bia Castro", timeout=PATIENCE_MS)
    expect(status.locator("main")).not_to_contain_text("Bia Castro", timeout=PATIENCE_MS)
    scene.hub.model_says("Que bom! Agora cole as duas no formulário.")
    iara.page.locator("#chat-text").fill("e agora?")
    iara.press("Send")
    expect(said.filter(has_text="Agora cole as duas no formulário.")).to_have_count(1, timeout=PATIENCE_MS)
    assert iara.noise + bia.noise == []
    for person in (iara, bia):
        person.context.close()


@pytest.mark.parametrize(("who", "pages"), _STEPS, ids=[who or "nobody" for who, _ in _STEPS])
def test_every_page_is_open_to_everybody_and_light(
    scene: Scene, browser: Browser, who: str, pages: list[Shown]
) -> None:
    found: dict[str, list[str]] = {}
    with window(scene, browser, who, Version("wide")) as person, scales(person.page) as weighed:
        for shown in pages:
            person.page.set_viewport_size(WIDE)
            visit(scene, person.page, shown)
            # Of more than one page, where something is clicked first.
            weight = Weight() if shown.prepare else weighed()
            found[shown.name] = weight.over + _looked_at(person.page) + complaints(person.noise, shown)
            weighed()
            person.noise.clear()
    assert {name: wrong for name, wrong in found.items() if wrong} == {}


def _looked_at(page: Page) -> list[str]:
    """Wide, then on a phone."""
    wrong = []
    for size in (WIDE, PHONE):
        page.set_viewport_size(size)
        still(page)
        wrong += [f"{size['width']} {one}" for one in (*violations(page), *beyond(page))]
    return wrong
