"""When tokens end and work moved on last, for the alerts about them"""

import sqlalchemy as sa
from alembic import op

from tracking_core.migrations import indexes

revision = '20261126_0018'
down_revision = '20261126_0017'
branch_labels = None
depends_on = None

_COLUMNS = (
    ('meta_connections', 'token_expires_at'),
    ('meta_connections', 'token_asked_at'),
    ('privacy_requests', 'moved_at'),
    ('reconciliation_runs', 'moved_at'),
)


def upgrade() -> None:
    unfinished = "privacy_requests (finished_at) WHERE state IN ('failed', 'remains')"
    indexes.build({'ix_privacy_requests_unfinished': unfinished})
    for table, column in _COLUMNS:
        op.add_column(table, sa.Column(column, sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    for table, column in reversed(_COLUMNS):
        op.drop_column(table, column)
    op.drop_index('ix_privacy_requests_unfinished', table_name='privacy_requests')
