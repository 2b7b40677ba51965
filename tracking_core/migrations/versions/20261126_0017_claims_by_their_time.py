"""Claims of browser events are let go of by their time"""

from alembic import op

from tracking_core.migrations import indexes

revision = '20261126_0017'
down_revision = '20261126_0016'
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Not BRIN: a new claim takes the place of one that is gone, and a sale's claim stays, so that in time every range of
    # pages holds an old one. A group's claims share their time: an entry takes about 9 bytes under load.
    indexes.build({'ix_dedupe_registry_events': "dedupe_registry (claimed_at) WHERE scope = 'tracking'"})


def downgrade() -> None:
    op.drop_index('ix_dedupe_registry_events', table_name='dedupe_registry')
