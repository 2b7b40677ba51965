"""Trace context"""

import sqlalchemy as sa
from alembic import op

revision = '20261126_0012'
down_revision = '20261126_0011'
branch_labels = None
depends_on = None

_TABLES = ('received_webhooks', 'conversions')


def upgrade() -> None:
    # Empty and without a default: no row is written anew.
    for table in _TABLES:
        op.add_column(table, sa.Column('trace_context', sa.LargeBinary(), nullable=True))


def downgrade() -> None:
    for table in reversed(_TABLES):
        op.drop_column(table, 'trace_context')
