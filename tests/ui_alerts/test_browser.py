"""Alerts in a real browser: a channel is added and tested, an alert arrives there, is taken, and recovers."""

from datetime import timedelta

from playwright.sync_api import Page, expect

from tests.alert_channels.receiver import Receiver
from tests.ui_alerts.browsing import browser, heard, hub, people, scene
from tests.ui_alerts.scene import Scene
from tests.ui_operations.running import Running
from tracking_core.alerts import lifecycle
from tracking_core.alerts.findings import Finding, Key
from tracking_core.alerts.registry import Code
from tracking_core.alerts.telling import drain_alerts
from tracking_core.db.engine import transaction
from tracking_core.kit import clock
from tracking_core.models import Severity

__all__ = ["browser", "heard", "hub", "people", "scene"]
FOUND = Finding(Key(None, Code.QUEUE_DELAY, "sales"), Severity.PAGE, {"delay_seconds": 600.0})


async def evaluated(hub: Running, *findings: Finding, minutes: int = 0) -> None:
    """What an evaluation of the queues finds, and what is told of it."""
    now = clock.now() + timedelta(minutes=minutes)
    async with transaction() as session:
        await lifecycle.apply(session, [Code.QUEUE_DELAY], findings, now)
    clock.set_source(lambda: now)
    try:
        await drain_alerts(hub.settings)
    finally:
        clock.set_source(None)


def test_from_a_new_slack_channel_to_an_alert_and_its_end(
    people: dict[str, Page], hub: Running, heard: Receiver, scene: Scene
) -> None:
    page = people["operator"]
    page.goto("/ops/objectives")
    page.get_by_role("link", name="Limites e canais").click()
    page.get_by_role("radio", name="Slack").check()
    page.get_by_label("Endereço de e-mail ou URL").fill(heard.url())
    page.get_by_role("button", name="Adicionar o canal").click()
    channel = page.locator(".channel").filter(has_text="Ainda não testado").filter(has_text="Slack")
    expect(channel).to_contain_text("O canal foi adicionado.")
    address = page.url
    channel.get_by_role("button", name="Enviar mensagem de teste").click()
    tested = page.locator(".channel").filter(has_text="A mensagem de teste foi enviada.")
    expect(tested.locator(".badge")).to_have_text("Funciona")
    assert page.url == address  # only that channel was loaded again
    assert heard.arrived.pop().json["text"].startswith("Mensagem de teste do Hub\n")
    heard.arrived.clear()
    hub.run(evaluated(hub, FOUND))
    told = [one.json["text"] for one in heard.arrived]
    assert len(told) == 2  # this channel and the one that did not get through before
    assert all(text.startswith("O hub inteiro: ") for text in told)
    link = told[0].rpartition("\n")[2]
    page.goto(link.removeprefix(hub.settings.base_url))
    alert = page.locator(".alert:target")
    expect(alert).to_contain_text("10 minutos")
    alert.get_by_role("button", name="Estou cuidando disso").click()
    expect(alert).to_contain_text("Alguém está cuidando")
    heard.arrived.clear()
    hub.run(evaluated(hub, minutes=1))
    hub.run(evaluated(hub, minutes=9))
    assert {one.json["text"].partition(":")[0] for one in heard.arrived} == {"Resolvido"}
    page.reload()
    expect(page.locator(".past-one").first).to_contain_text("Atraso do trabalho")
    assert heard.url() not in page.content()


def test_it_is_all_said_in_english_too(people: dict[str, Page]) -> None:
    page = people["seller"]
    page.goto("/app/alerts")
    page.get_by_role("button", name="English").click()
    expect(page.locator("h1")).to_have_text("Alerts")
    expect(page.locator(".alert")).to_contain_text("Sales wait, because Meta refused the dataset's token.")
    page.get_by_role("button", name="Português").click()
    expect(page.locator("h1")).to_have_text("Alertas")
