"""Dead letters sent again from the pages: chosen, previewed, asked for, watched until Meta has them."""

from datetime import timedelta

from tests.pipeline.conftest import Shop
from tests.pipeline.test_sales import verdict
from tests.replays.letters import bury, states
from tests.reporting.conftest import sell
from tests.ui_operations.people import Page, Person
from tracking_core.destinations.meta_capi.errors import FailureClass
from tracking_core.kit import clock

PREVIEW = "replays/preview"
OTHER = "permission:200"


def numbers(page: Page) -> dict[str, str]:
    """The tiles: what is in which state."""
    return {one.partition(" ")[2]: one.partition(" ")[0] for one in page.all("#replay-progress .tile")}


async def asked(person: Person, preview: Page) -> Page:
    """The progress page, after the preview was agreed to."""
    action = "/ops/replays" if preview.tree.css_first('form[action^="/ops/replays"]') else "/app/sales/replays"
    return await person.send(preview, action)


async def test_a_dead_letter_is_sent_again_and_followed_until_meta_has_it(ana: Shop, seller: Person) -> None:
    ana.meta.script = lambda _ids: verdict(FailureClass.PAYLOAD, 100, subcode=2804050)
    await sell(ana, "HP1")
    letters = await seller.get("/app/sales/dead-letters")
    assert letters.all(".t-letters tbody td[data-label=Order] a") == ["HP1"]
    [one] = [str(node.attributes["value"]) for node in letters.tree.css('button[name="one"]')]
    preview = await seller.send(letters, PREVIEW, one=one)
    assert preview.all("#what") == ["To be sent again: 1"]
    progress = await asked(seller, preview)
    assert progress.status == 200
    assert numbers(progress) == {"Waiting": "1"}
    part = progress.tree.css_first("#replay-progress")
    assert part is not None
    address = str(part.attributes["hx-get"])
    ana.meta.script = lambda _ids: None
    await ana.deliver()
    news = await seller.get(address)
    assert numbers(news) == {"Delivered": "1"}
    assert "hx-get" not in news.answer.text
    assert news.all("#replay-state") == ["Done"]
    assert news.tree.css_first('#replay-said[hx-swap-oob="innerHTML"]') is not None
    assert (await seller.get("/app/sales/dead-letters")).all(".empty-title") == ["No dead letter."]
    assert (await seller.get("/app/sales/replays")).all(".t-replays tbody td[data-label=By]") == ["Your shop"]


async def test_only_what_was_ticked_is_sent_again(ana: Shop, olga: Person) -> None:
    ids = await bury(ana, 3)
    letters = await olga.get("/ops/dead-letters")
    preview = await olga.send(letters, PREVIEW, ids=[str(one) for one in ids[:2]])
    assert preview.all("#what") == ["To be sent again: 2"]
    await asked(olga, preview)
    assert await states(ana) == {"dead": 1, "waiting": 2}


async def test_nothing_ticked_is_nothing_sent(ana: Shop, olga: Person) -> None:
    await bury(ana, 2)
    preview = await olga.send(await olga.get("/ops/dead-letters"), PREVIEW, selected="1")
    assert preview.all(".empty-title") == ["Nothing was selected."]
    assert preview.all('form[action="/ops/replays"]') == []


async def test_all_that_fit_are_those_of_the_filter_of_one_shop(ana: Shop, beto: Shop, olga: Person) -> None:
    await bury(ana, 2)
    await bury(ana, 3, reason=OTHER)
    await bury(beto, 4, reason=OTHER)
    letters = await olga.get("/ops/dead-letters", reason="permission", tenant_id=str(ana.tenant_id))
    assert len(letters.all(".t-letters tbody tr")) == 3
    preview = await olga.send(letters, PREVIEW, all="1")
    assert preview.all("#what") == ["To be sent again: 3"]
    await asked(olga, preview)
    assert await states(ana) == {"dead": 2, "waiting": 3}
    assert await states(beto) == {"dead": 4}


async def test_the_days_of_a_filter_are_kept_to_the_replay(ana: Shop, olga: Person) -> None:
    await bury(ana, 1, created_at=clock.now() - timedelta(days=3))
    await bury(ana, 2)
    day = (clock.now() - timedelta(days=1)).date().isoformat()
    preview = await olga.send(await olga.get("/ops/dead-letters", since=day), PREVIEW, all="1")
    assert preview.all("#what") == ["To be sent again: 2"]
    await asked(olga, preview)
    assert await states(ana) == {"dead": 1, "waiting": 2}


async def test_what_is_too_late_is_counted_with_the_reason_and_left_alone(ana: Shop, olga: Person) -> None:
    old = clock.now() - timedelta(days=9)
    await bury(ana, 2, event_time=old, created_at=old)
    await bury(ana, 1)
    letters = await olga.get("/ops/dead-letters")
    assert len(letters.tree.css('button[name="one"]')) == 1
    preview = await olga.send(letters, PREVIEW, all="1")
    assert preview.all("#what") == ["To be sent again: 1"]
    assert "2 The event is more than 7 days old, and Meta no longer takes it." in preview.text
    assert numbers(await asked(olga, preview)) == {"Waiting": "1", "Too late": "2"}


async def test_if_the_letters_changed_since_the_preview_the_new_ones_are_shown_instead(ana: Shop, olga: Person) -> None:
    await bury(ana, 3)
    preview = await olga.send(await olga.get("/ops/dead-letters"), PREVIEW, all="1")
    other = await olga.send(await olga.get("/ops/dead-letters", limit="1"), PREVIEW, ids=await first(olga))
    await asked(olga, other)
    again = await asked(olga, preview)
    assert again.status == 409
    assert again.all("#what") == ["To be sent again: 2"]
    assert "no longer the dead letters you looked at" in again.text


async def first(person: Person) -> str:
    node = (await person.get("/ops/dead-letters")).tree.css_first('input[name="ids"]')
    assert node is not None
    return str(node.attributes["value"])


async def test_another_shops_letters_and_replays_are_nobody_elses(
    ana: Shop, beto: Shop, seller: Person, olga: Person
) -> None:
    await bury(ana, 1)
    theirs = await bury(beto, 1)
    letters = await seller.get("/app/sales/dead-letters")
    preview = await seller.send(letters, PREVIEW, ids=str(theirs[0]))
    assert preview.all(".empty-title") == ["Nothing was selected."]
    named = await seller.send(letters, PREVIEW, all="1", tenant_id=str(beto.tenant_id))
    assert named.status == 404
    of_all = await asked(olga, await olga.send(await olga.get("/ops/dead-letters"), PREVIEW, all="1"))
    replay = of_all.answer.url.path.rpartition("/")[2]
    assert (await seller.get(f"/app/sales/replays/{replay}")).status == 404
    assert (await seller.get(f"/app/sales/replays/{replay}/progress")).status == 404


async def test_a_form_without_its_token_sends_nothing(ana: Shop, olga: Person) -> None:
    await bury(ana, 1)
    letters = await olga.get("/ops/dead-letters")
    assert (await olga.send(letters, PREVIEW, all="1", csrf="0" * 64)).status == 403
    assert (await olga.client.post("/ops/replays", data={"all": "1"})).status_code == 403
    assert await states(ana) == {"dead": 1}


async def test_ids_that_are_none_are_refused(ana: Shop, olga: Person) -> None:
    await bury(ana, 1)
    letters = await olga.get("/ops/dead-letters")
    assert (await olga.send(letters, PREVIEW, ids="everything")).status == 422
    assert (await olga.send(letters, PREVIEW, all="1", reason="' OR 1=1")).status == 422
