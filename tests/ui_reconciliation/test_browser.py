"""Finding a difference and asking for another reading, in a real browser without scripts."""

import pytest
from playwright.sync_api import expect

from tests.ui_operations.browsing import Opened, browser, hub, opened, states
from tests.ui_operations.running import Running
from tests.ui_reconciliation.scene import Scene, play

__all__ = ["browser", "hub", "opened", "states"]


@pytest.fixture(scope="module")
def scene(hub: Running) -> Scene:
    return hub.run(play(hub.settings))


def test_without_scripts_an_operator_finds_what_differs_and_asks_for_another_reading(
    opened: Opened, scene: Scene
) -> None:
    page = opened.page("operator", java_script_enabled=False)
    page.goto("/ops/reconciliation")
    expect(page.get_by_text("Em 1 dia o livro de vendas e uma plataforma divergem.")).to_be_visible()
    expect(page.get_by_role("cell", name="HP-lost")).to_be_visible()
    expect(page.get_by_text("A Hotmart não aceita").or_(page.get_by_text("Hotmart não aceita"))).to_be_visible()
    page.get_by_role("link", name="Loja da Ana").first.click()
    page.get_by_role("button", name="Ler de novo").click()
    # No setup has given this shop's credentials.
    expect(page.get_by_text("Nenhuma plataforma de vendas daqui nos lista suas vendas")).to_be_visible()
    assert [said for said in opened.noise if "409" not in said] == []
    opened.noise.clear()
