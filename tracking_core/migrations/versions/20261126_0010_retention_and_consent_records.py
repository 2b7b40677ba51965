"""Retention runs and consent records"""

import sqlalchemy as sa
import sqlmodel
from alembic import op
from sqlalchemy.dialects import postgresql

from tracking_core.migrations import indexes

revision = '20261126_0010'
down_revision = '20261126_0009'
branch_labels = None
depends_on = None

# What retention still has to do, so that a run reads nothing it has done with.
_INDEXES = {
    'ix_received_webhooks_kept': 'received_webhooks (received_at) WHERE octet_length(body) > 0',
    'ix_deliveries_kept': 'deliveries (event_time) WHERE octet_length(payload) > 0',
    'ix_dispatch_attempts_kept': 'dispatch_attempts (started_at) WHERE response IS NOT NULL',
    'ix_conversions_kept': "conversions (occurred_at) WHERE user_data <> '{}'::jsonb OR facts <> '{}'::jsonb"
    " OR consent_subjects <> '{}'::uuid[]",
    'ix_secret_accesses_at': 'secret_accesses (at)',
    'ix_session_events_created': 'session_events USING brin (created_at)',
    'ix_setup_messages_created': 'setup_messages USING brin (created_at)',
}


def upgrade() -> None:
    indexes.build(_INDEXES)
    op.add_column('tenants', sa.Column('closed_at', sa.DateTime(timezone=True), nullable=True))
    op.add_column('memberships', sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True))
    op.create_table(
        'retention_runs',
        sa.Column('id', sa.Uuid(), nullable=False),
        sa.Column('kind', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column('days', sa.Integer(), nullable=False),
        sa.Column('cutoff', sa.DateTime(timezone=True), nullable=False),
        sa.Column('started_at', sa.DateTime(timezone=True), nullable=False),
        sa.Column('finished_at', sa.DateTime(timezone=True), nullable=True),
        sa.Column('rows', sa.BigInteger(), nullable=False),
        sa.Column('partitions', sa.Integer(), nullable=False),
        sa.Column('error', sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_retention_runs')),
    )
    op.create_index('ix_retention_runs_kind', 'retention_runs', ['kind', 'started_at'])
    op.create_index(
        'uq_retention_runs_open',
        'retention_runs',
        ['kind'],
        unique=True,
        postgresql_where=sa.text('finished_at IS NULL'),
    )
    op.create_table(
        'consent_records',
        sa.Column('id', sa.Uuid(), nullable=False),
        sa.Column('tenant_id', sa.Uuid(), nullable=False),
        sa.Column('granted', sa.Boolean(), nullable=False),
        sa.Column('at', sa.DateTime(timezone=True), nullable=False),
        sa.Column('source', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column('actor', sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column('url', sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column('text_version', sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column('subjects', postgresql.ARRAY(postgresql.UUID(as_uuid=True)), nullable=False),
        sa.Column('event_id', sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column('tracking_event_id', sa.Uuid(), nullable=True),
        sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
        sa.ForeignKeyConstraint(['tenant_id'], ['tenants.id'], name=op.f('fk_consent_records_tenant_id')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_consent_records')),
        sa.UniqueConstraint('tracking_event_id', name=op.f('uq_consent_records_tracking_event_id')),
    )
    op.create_index('ix_consent_records_subjects', 'consent_records', ['subjects'], postgresql_using='gin')
    op.create_index('ix_consent_records_tenant', 'consent_records', ['tenant_id', 'at', 'id'])
    op.create_index('ix_consent_records_at', 'consent_records', ['at'], postgresql_using='brin')
    op.create_table(
        'reading_marks',
        sa.Column('name', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column('last_id', sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint('name', name=op.f('pk_reading_marks')),
    )


def downgrade() -> None:
    for name in _INDEXES:
        op.execute(f'DROP INDEX {name}')
    for table in ('reading_marks', 'consent_records', 'retention_runs'):
        op.drop_table(table)
    op.drop_column('memberships', 'ended_at')
    op.drop_column('tenants', 'closed_at')
