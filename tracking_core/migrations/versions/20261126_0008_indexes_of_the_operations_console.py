"""Indexes of the operations console"""

import sqlalchemy as sa
from alembic import op

revision = '20261126_0008'
down_revision = '20261126_0007'
branch_labels = None
depends_on = None

_INDEXES = {
    'ix_audit_log_created': 'audit_log (created_at, id)',
    'ix_conversions_created': 'conversions (created_at, id)',
    'ix_conversions_sale_id': 'conversions (sale_id text_pattern_ops)',
    'ix_conversions_subjects': 'conversions USING gin (consent_subjects)',
    'ix_deliveries_created': 'deliveries (created_at, id)',
    'ix_deliveries_delivered': 'deliveries (tenant_id, delivered_at) WHERE delivered_at IS NOT NULL',
    'ix_dispatch_attempts_started': 'dispatch_attempts USING brin (started_at)',
}
_PARTITIONS = "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'tracking_events'::regclass"


def upgrade() -> None:
    # Sales go on while the indexes of large tables are built. What was built halfway is built afresh.
    with op.get_context().autocommit_block():
        for name, what in _INDEXES.items():
            op.execute(f'DROP INDEX CONCURRENTLY IF EXISTS {name}')
            op.execute(f'CREATE INDEX CONCURRENTLY {name} ON {what}')
        _index_partitions()


def _index_partitions() -> None:
    """PostgreSQL builds no index concurrently on a partitioned table: each partition gets its own, then they are joined."""
    op.execute('DROP INDEX IF EXISTS ix_tracking_events_received')
    op.execute('CREATE INDEX ix_tracking_events_received ON ONLY tracking_events USING brin (received_at)')
    for partition in op.get_bind().execute(sa.text(_PARTITIONS)).scalars().all():
        name = f'ix_{partition}_received'
        op.execute(f'DROP INDEX CONCURRENTLY IF EXISTS {name}')
        op.execute(f'CREATE INDEX CONCURRENTLY {name} ON {partition} USING brin (received_at)')
        op.execute(f'ALTER INDEX ix_tracking_events_received ATTACH PARTITION {name}')


def downgrade() -> None:
    op.drop_index('ix_tracking_events_received', table_name='tracking_events')
    for name in _INDEXES:
        op.execute(f'DROP INDEX {name}')
