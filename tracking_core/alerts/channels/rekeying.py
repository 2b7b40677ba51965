"""The hub's own channels when the key-encryption key is replaced: no data key stands between them and it."""

from collections import Counter

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from tracking_core.alerts.channels import sealing
from tracking_core.models import AlertChannel
from tracking_core.secrets.keyring import process_keyring

_OWN = select(AlertChannel).where(col(AlertChannel.tenant_id).is_(None)).order_by(col(AlertChannel.id))


async def key_usage(session: AsyncSession) -> Counter[str | None]:
    """How many each key seals; under None those that no key of the settings opens."""
    return Counter(sealing.key_of(row) for row in (await session.scalars(_OWN)).all())


async def reseal(session: AsyncSession) -> int:
    """Seal what an older key seals with the newest; how many that were. What nothing opens stays as it is."""
    newest, done = process_keyring().primary, 0
    for row in (await session.scalars(_OWN.with_for_update())).all():
        if sealing.key_of(row) not in (newest, None):
            row.target = sealing.seal(sealing.opened(row, None), row.id, None, None)
            done += 1
    await session.flush()
    return done
