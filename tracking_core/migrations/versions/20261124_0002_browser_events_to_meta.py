"""Browser events to Meta"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from tracking_core.migrations import indexes

revision = '20261124_0002'
down_revision = '20261124_0001'
branch_labels = None
depends_on = None

_FORWARDABLE = "kind IN ('pageview', 'initiate_checkout') AND is_bot = 0"
_DUE_SALES = "state IN ('waiting', 'retrying') AND conversion_id IS NOT NULL"


def upgrade() -> None:
    indexes.build({'ix_deliveries_due_sales': f'deliveries (connection_id, due_at) WHERE {_DUE_SALES}'})
    indexes.build_on_events('forwardable', f'(tenant_id, received_at) WHERE {_FORWARDABLE}')
    op.add_column('meta_connections', sa.Column('browser_events', postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False))
    op.add_column('meta_connections', sa.Column('browser_events_from', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False))
    op.add_column('deliveries', sa.Column('consent_subjects', postgresql.ARRAY(sa.UUID()), nullable=True))


def downgrade() -> None:
    op.drop_index('ix_deliveries_due_sales', table_name='deliveries')
    op.drop_index('ix_tracking_events_forwardable', table_name='tracking_events')
    op.drop_column('deliveries', 'consent_subjects')
    op.drop_column('meta_connections', 'browser_events_from')
    op.drop_column('meta_connections', 'browser_events')
