"""The pages in a real browser: asked, read, approved, and a receipt, by an operator and by a seller of the shop."""

from pathlib import Path

from playwright.sync_api import expect

from tests.privacy.planted import EMAIL, planned, plant
from tests.ui_operations.browsing import Opened, browser, hub, opened, scene, states
from tests.ui_operations.running import Running
from tests.ui_operations.scene import Scene
from tracking_core.db.engine import transaction
from tracking_core.privacy.erase import drain_request, due_requests

__all__ = ["browser", "hub", "opened", "scene", "states"]


async def work(running: Running) -> None:
    """What the worker does when its bell rings."""
    async with transaction() as session:
        due = await due_requests(session)
    for request_id in due:
        async for _ in drain_request(request_id, running.settings):
            pass


def test_a_person_is_asked_for_planned_approved_and_erased(opened: Opened, hub: Running, scene: Scene) -> None:
    hub.run(plant(scene.ana, with_account=False))
    page = opened.page("operator")
    page.goto("/ops")
    page.get_by_role("link", name="Privacidade", exact=True).click()
    page.get_by_label("Loja").select_option(str(scene.ana.tenant_id))
    page.get_by_label("E-mail, telefone, documento ou código").fill("maria")
    page.get_by_role("button", name="Mostrar o que existe").click()
    expect(page.get_by_role("alert")).to_contain_text("não é um endereço de e-mail")
    opened.noise.clear()  # the browser notes that the form came back as 422
    page.get_by_label("Loja").select_option(str(scene.ana.tenant_id))
    page.get_by_label("E-mail, telefone, documento ou código").fill(EMAIL)
    page.get_by_role("button", name="Mostrar o que existe").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("O que existe desta pessoa")
    expect(page.get_by_role("row", name="Vendas conversions")).to_contain_text("3")
    assert EMAIL not in page.content()
    page.get_by_role("button", name="Aprovar e apagar").click()
    expect(page.get_by_role("heading", name="Sendo apagado")).to_be_visible()
    hub.run(work(hub))
    page.get_by_role("link", name="Mostrar o recibo").click()  # it came by itself
    expect(page.get_by_role("heading", level=1)).to_have_text("Recibo")
    expect(page.get_by_text("nada desta pessoa foi encontrado")).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("link", name="Baixar em JSON").click()
    receipt = Path(download.value.path()).read_text()
    assert EMAIL not in receipt
    assert '"state": "done"' in receipt


def test_a_seller_sees_their_own_shops_alone_and_without_a_script(opened: Opened, hub: Running, scene: Scene) -> None:
    other = hub.run(planned(scene.beto, "email", "cliente@example.com"))
    page = opened.page("seller", java_script_enabled=False)
    page.goto("/app/privacy")
    page.get_by_label("E-mail, telefone, documento ou código").fill("ninguem@example.com")
    page.get_by_role("button", name="Mostrar o que existe").click()
    expect(page.get_by_text("Nada desta pessoa está guardado.")).to_be_visible()
    page.get_by_role("button", name="Aprovar e apagar").click()
    expect(page.get_by_role("heading", name="Sendo apagado")).to_be_visible()
    hub.run(work(hub))
    page.get_by_role("link", name="Atualizar").click()
    expect(page.get_by_text("Isso também é um recibo")).to_be_visible()
    answer = page.goto(f"/app/privacy/{other.id}")
    assert answer is not None
    assert answer.status == 404
    opened.noise.clear()
