"""A gateway that speaks of an erased sale again does not bring its buyer back."""

from tests.pipeline.conftest import Shop
from tests.pipeline.test_sales import rows
from tests.privacy.planted import EMAIL, erased
from tests.privacy.test_erasure import searched
from tracking_core.models import PrivacyState


async def test_a_repeat_and_a_refund_of_an_erased_sale_move_its_status_and_bring_nobody_back(ana: Shop) -> None:
    await ana.webhook("HP-MARIA-0001", email=EMAIL)
    await ana.webhook("HP-MARIA-0002", "pending", email=EMAIL)
    await ana.process()
    await ana.deliver()
    assert (await erased(ana, "email", EMAIL)).state == PrivacyState.DONE
    sent = len(ana.meta.accepted)
    await ana.webhook("HP-MARIA-0001", "refunded", email=EMAIL)
    await ana.webhook("HP-MARIA-0002", "approved", email=EMAIL)  # the pix is paid after its buyer was erased
    await ana.process()
    await ana.deliver()
    sales = await rows("SELECT status, user_data, consent_subjects, decision FROM conversions ORDER BY status DESC")
    assert [(row["status"], row["user_data"], row["consent_subjects"]) for row in sales] == [
        ("refunded", {}, []),
        ("approved", {}, []),
    ]
    assert len(ana.meta.accepted) == sent
    assert await rows("SELECT id FROM received_webhooks WHERE octet_length(body) > 0") == []
    assert (await searched(ana, "email", EMAIL)).found == []
    # What they buy after that is a sale of its own.
    await ana.webhook("HP-MARIA-0003", email=EMAIL)
    await ana.process()
    assert len(await rows("SELECT id FROM conversions WHERE user_data ? 'em'")) == 1
