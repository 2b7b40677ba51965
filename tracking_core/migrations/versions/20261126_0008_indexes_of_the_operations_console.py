"""Indexes of the operations console"""

from alembic import op

from tracking_core.migrations import indexes

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


def upgrade() -> None:
    indexes.build(_INDEXES)
    indexes.build_on_events('received', 'USING brin (received_at)')


def downgrade() -> None:
    op.drop_index('ix_tracking_events_received', table_name='tracking_events')
    for name in _INDEXES:
        op.execute(f'DROP INDEX {name}')
