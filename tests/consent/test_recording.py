"""Every change of consent leaves its proof, once; what repeats it leaves none."""

from typing import Any

from tests.pipeline.conftest import Shop
from tests.pipeline.test_sales import later, rows, track
from tracking_core.consent import recording
from tracking_core.consent.recording import record_new
from tracking_core.matching.match import click_tokens
from tracking_core.models import TrackingKind

V1: dict[str, Any] = {"consent_version": "2026-01"}
V2: dict[str, Any] = {"consent_version": "2026-02"}


async def proofs() -> list[tuple[bool, Any]]:
    found = await rows("SELECT granted, text_version FROM consent_records ORDER BY at, id")
    return [(row["granted"], row["text_version"]) for row in found]


async def test_a_change_is_proved_once_and_page_views_are_not(shop: Shop) -> None:
    who = await track(shop, TrackingKind.CONSENT, consent_ads=True, url="https://loja.example/curso?utm=1#top", **V1)
    click: dict[str, Any] = {"click_id": who["click_id"]}
    for _ in range(3):
        await track(shop, TrackingKind.PAGEVIEW, consent_ads=True, **click, **V1)  # each in a session of its own
    await track(shop, consent_ads=True, email="Ana@loja.example", **click, **V1)
    await track(shop, consent_ads=True, **click, **V2)
    await track(shop, consent_ads=False, **click)
    await track(shop, TrackingKind.PAGEVIEW, **click)  # not asked
    assert await record_new() == 0  # younger than the lag: an older one may still be on its way
    later(seconds=61)
    assert await record_new(limit=2) == 4
    assert await proofs() == [(True, "2026-01"), (True, "2026-01"), (True, "2026-02"), (False, None)]
    [first] = await rows("SELECT url, source, event_id FROM consent_records ORDER BY at, id LIMIT 1")
    assert first == {"url": "https://loja.example/curso", "source": "browser", "event_id": who["event_id"]}
    assert await record_new() == 0


async def test_what_lifts_nothing_proves_nothing(shop: Shop) -> None:
    refused = await track(shop, consent_ads=False)
    await track(shop, consent_ads=True, age_ms=5_000, click_id=refused["click_id"])
    later(seconds=61)
    assert await record_new() == 1
    assert await proofs() == [(False, None)]


async def test_a_reader_that_died_reads_again_and_proves_nothing_twice(shop: Shop) -> None:
    await track(shop, consent_ads=True)
    later(seconds=61)
    assert await record_new() == 1
    await rows(f"UPDATE reading_marks SET last_id = '{recording._NOTHING_READ}' RETURNING 1")
    assert await record_new() == 0
    assert len(await proofs()) == 1


async def test_where_consent_is_asked_for_the_answer_after_the_click_counts(shop: Shop) -> None:
    await rows("UPDATE tenants SET consent_mode = 'opt_in' RETURNING 1")
    said: dict[str, list[bool | None]] = {"HP1": [True], "HP2": [True, False], "HP3": [None]}
    for sale, answers in said.items():
        visit: dict[str, Any] = {"click_id": f"h-{sale}", "session_id": f"s-{sale}"}
        await track(shop, **visit)  # nobody was asked yet
        for answer in answers:
            await track(shop, TrackingKind.CONSENT, consent_ads=answer, **visit)
        await shop.webhook(sale, click_id=f"h-{sale}", email=f"{sale}@loja.example", phone="")
    await shop.process()
    decided = await rows("SELECT sale_id, decision_reason AS why FROM conversions ORDER BY 1")
    assert [(row["sale_id"], row["why"]) for row in decided] == [
        ("HP1", None),
        ("HP2", "consent_refused"),
        ("HP3", "consent_missing"),
    ]


def test_a_click_id_of_ours_is_read_behind_any_number_of_words() -> None:
    click_id = "h" + "A1" * 10 + "z"
    labels = " ".join(f"palavra{n}" for n in range(20))
    assert click_tokens({"xcod": "fb curso", "sck": f"{labels}|{click_id}"})[:2] == [click_id, "fb curso"]
