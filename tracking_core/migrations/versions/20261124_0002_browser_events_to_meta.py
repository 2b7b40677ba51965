"""Browser events to Meta"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '20261124_0002'
down_revision = '20261124_0001'
branch_labels = None
depends_on = None

_FORWARDABLE = "kind IN ('pageview', 'initiate_checkout') AND is_bot = 0"
_DUE_SALES = "state IN ('waiting', 'retrying') AND conversion_id IS NOT NULL"
_PARTITIONS = "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'tracking_events'::regclass"


def upgrade() -> None:
    # Without CONCURRENTLY the collector could not write while the index of a large table is built. This part commits by
    # itself, so it comes first and starts afresh when the migration is run again.
    with op.get_context().autocommit_block():
        op.execute('DROP INDEX CONCURRENTLY IF EXISTS ix_deliveries_due_sales')
        op.create_index('ix_deliveries_due_sales', 'deliveries', ['connection_id', 'due_at'], unique=False, postgresql_where=sa.text(_DUE_SALES), postgresql_concurrently=True)
        _index_partitions()
    op.add_column('meta_connections', sa.Column('browser_events', postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False))
    op.add_column('meta_connections', sa.Column('browser_events_from', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False))
    op.add_column('deliveries', sa.Column('consent_subjects', postgresql.ARRAY(sa.UUID()), nullable=True))


def _index_partitions() -> None:
    """PostgreSQL builds no index concurrently on a partitioned table: each partition gets its own, then they are joined."""
    op.execute('DROP INDEX IF EXISTS ix_tracking_events_forwardable')
    op.execute(f'CREATE INDEX ix_tracking_events_forwardable ON ONLY tracking_events (tenant_id, received_at) WHERE {_FORWARDABLE}')
    for partition in op.get_bind().execute(sa.text(_PARTITIONS)).scalars().all():
        name = f'ix_{partition}_forwardable'
        op.execute(f'DROP INDEX CONCURRENTLY IF EXISTS {name}')
        op.execute(f'CREATE INDEX CONCURRENTLY {name} ON {partition} (tenant_id, received_at) WHERE {_FORWARDABLE}')
        op.execute(f'ALTER INDEX ix_tracking_events_forwardable ATTACH PARTITION {name}')


def downgrade() -> None:
    op.drop_index('ix_deliveries_due_sales', table_name='deliveries')
    op.drop_index('ix_tracking_events_forwardable', table_name='tracking_events')
    op.drop_column('deliveries', 'consent_subjects')
    op.drop_column('meta_connections', 'browser_events_from')
    op.drop_column('meta_connections', 'browser_events')
