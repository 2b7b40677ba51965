"""Sealed to its row, discarded once and for all, gone when its time is over."""

from datetime import timedelta

import pytest
from sqlmodel import col, select

from tests.screenshots.conftest import Seller
from tracking_core import errors as hub_errors
from tracking_core.db.engine import transaction
from tracking_core.errors import ConfigurationError
from tracking_core.i18n import translate
from tracking_core.kit import clock
from tracking_core.models import AuditEntry, ScreenshotState, SetupScreenshot
from tracking_core.screenshots import errors, service
from tracking_core.screenshots.errors import ScreenshotGone
from tracking_core.screenshots.service import DiscardReason
from tracking_core.screenshots.sweep import sweep

OURS = [one for one in vars(errors).values() if isinstance(one, type) and one.__module__ == errors.__name__]
MESSAGES = sorted({one.message for one in OURS if issubclass(one, hub_errors.HubError)} - {hub_errors.HubError.message})


async def test_a_picture_moved_to_another_row_does_not_open(seller: Seller) -> None:
    first, second = await seller.keep(), await seller.keep()
    async with transaction() as session:
        moved = await session.get_one(SetupScreenshot, first)
        (await session.get_one(SetupScreenshot, second)).sealed = moved.sealed
    async with transaction() as session:
        assert await service.opened(session, await service.find(session, first))
        with pytest.raises(ConfigurationError):
            await service.opened(session, await service.find(session, second))


async def test_rows_come_without_their_megabytes(seller: Seller) -> None:
    kept = await seller.keep()
    async with transaction() as session:
        row = await service.find(session, kept)
    assert "sealed" not in vars(row)


async def test_what_is_discarded_stays_so_for_the_first_reason(seller: Seller) -> None:
    kept = await seller.keep()
    async with transaction() as session:
        row = await service.find(session, kept)
        await service.discard(session, row, DiscardReason.SECRET_VISIBLE, actor="test")
        await service.discard(session, row, DiscardReason.DELETED, actor="test")
        await service.keep_reading(session, row, {"screen": "other"})
        await service.note_unread(session, row, "fault")
        assert (row.state, row.extraction, row.reason) == (ScreenshotState.DISCARDED, {}, "secret_visible")
        entries = select(AuditEntry).where(AuditEntry.subject == str(kept)).order_by(col(AuditEntry.id))
        told = [(one.action, one.details) for one in (await session.scalars(entries)).all()]
    assert told == [("screenshot.kept", {}), ("screenshot.discarded", {"reason": "secret_visible"})]


async def test_the_sweep_takes_what_is_over_and_nothing_else(seller: Seller) -> None:
    now = clock.now()
    old, read = await seller.keep(), await seller.keep()
    async with transaction() as session:
        await service.keep_reading(session, await service.find(session, read), {"error_text": "CPF inválido"})
    clock.set_source(lambda: now + timedelta(days=1))
    young = await seller.keep()
    at = now + timedelta(days=30, hours=1)
    assert (await sweep(at), await sweep(at)) == (2, 0)
    for gone in (old, read):
        row = await seller.row(gone)
        assert (row.state, row.sealed, row.extraction, row.reason) == ("discarded", None, {}, "expired")
    assert (await seller.row(young)).sealed is not None


async def test_what_is_over_is_not_shown_even_before_the_sweep(seller: Seller) -> None:
    kept = await seller.keep()
    now = clock.now()
    clock.set_source(lambda: now + timedelta(days=30))
    async with transaction() as session:
        with pytest.raises(ScreenshotGone):
            await service.opened(session, await service.find(session, kept))
    assert (await seller.ask("GET", f"/{kept}")).status_code == 410


@pytest.mark.parametrize("message", MESSAGES)
def test_every_sentence_is_translated_with_its_placeholders(message: str) -> None:
    portuguese = translate(message)
    assert portuguese != message
    assert portuguese.count("{") == message.count("{")
