"""Setup sessions, the vault and synthetic sales"""

import sqlalchemy as sa
import sqlmodel
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '20261126_0004'
down_revision = '20261124_0003'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('secret_accesses',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('secret_id', sa.Uuid(), nullable=False),
    sa.Column('tenant_id', sa.Uuid(), nullable=False),
    sa.Column('actor', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('purpose', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.ForeignKeyConstraint(['tenant_id'], ['tenants.id'], name=op.f('fk_secret_accesses_tenant_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_secret_accesses'))
    )
    op.create_index(op.f('ix_secret_accesses_secret_id'), 'secret_accesses', ['secret_id'], unique=False)
    op.create_table('setup_sessions',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('tenant_id', sa.Uuid(), nullable=False),
    sa.Column('state', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('locale', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('created_by', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('facts', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('stages', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('graph_version', sa.Integer(), nullable=False),
    sa.Column('event_seq', sa.BigInteger(), nullable=False),
    sa.Column('intent_seq', sa.BigInteger(), nullable=False),
    sa.Column('lease_owner', sa.Uuid(), nullable=True),
    sa.Column('lease_until', sa.DateTime(timezone=True), nullable=True),
    sa.Column('fence', sa.BigInteger(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.ForeignKeyConstraint(['tenant_id'], ['tenants.id'], name=op.f('fk_setup_sessions_tenant_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_setup_sessions'))
    )
    op.create_index('ix_setup_sessions_tenant', 'setup_sessions', ['tenant_id', 'created_at'], unique=False)
    op.create_table('synthetic_sales',
    sa.Column('tenant_id', sa.Uuid(), nullable=False),
    sa.Column('gateway', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('sale_id', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('session_id', sa.Uuid(), nullable=True),
    sa.Column('connection_id', sa.Uuid(), nullable=True),
    sa.Column('test_event_code', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.ForeignKeyConstraint(['tenant_id'], ['tenants.id'], name=op.f('fk_synthetic_sales_tenant_id')),
    sa.PrimaryKeyConstraint('tenant_id', 'gateway', 'sale_id', name=op.f('pk_synthetic_sales'))
    )
    op.create_table('vault_secrets',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('tenant_id', sa.Uuid(), nullable=False),
    sa.Column('session_id', sa.Uuid(), nullable=True),
    sa.Column('kind', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('backend', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('sealed', sa.LargeBinary(), nullable=True),
    sa.Column('external_ref', sqlmodel.sql.sqltypes.AutoString(), nullable=True),
    sa.Column('fingerprint', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('last4', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('state', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('created_by', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('verified_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('revoked_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['tenant_id'], ['tenants.id'], name=op.f('fk_vault_secrets_tenant_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_vault_secrets'))
    )
    op.create_index('ix_vault_secrets_expiring', 'vault_secrets', ['expires_at'], unique=False, postgresql_where=sa.text("state = 'unverified'"))
    op.create_index(op.f('ix_vault_secrets_session_id'), 'vault_secrets', ['session_id'], unique=False)
    op.create_index('ix_vault_secrets_tenant', 'vault_secrets', ['tenant_id', 'created_at'], unique=False)
    op.create_table('session_events',
    sa.Column('session_id', sa.Uuid(), nullable=False),
    sa.Column('seq', sa.BigInteger(), nullable=False),
    sa.Column('type', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('data', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.ForeignKeyConstraint(['session_id'], ['setup_sessions.id'], name=op.f('fk_session_events_session_id')),
    sa.PrimaryKeyConstraint('session_id', 'seq', name=op.f('pk_session_events'))
    )
    op.create_table('setup_action_logs',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('session_id', sa.Uuid(), nullable=False),
    sa.Column('tenant_id', sa.Uuid(), nullable=False),
    sa.Column('intent_id', sa.Uuid(), nullable=True),
    sa.Column('action', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('idem', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('actor', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('fence', sa.BigInteger(), nullable=False),
    sa.Column('plan_hash', sqlmodel.sql.sqltypes.AutoString(), nullable=True),
    sa.Column('position', sa.Integer(), nullable=True),
    sa.Column('state', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('input', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('output', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('code', sqlmodel.sql.sqltypes.AutoString(), nullable=True),
    sa.Column('reason', sqlmodel.sql.sqltypes.AutoString(), nullable=True),
    sa.Column('return_code', sa.Integer(), nullable=True),
    sa.Column('latency_ms', sa.Integer(), nullable=True),
    sa.Column('provider_request_id', sqlmodel.sql.sqltypes.AutoString(), nullable=True),
    sa.Column('undo_kind', sqlmodel.sql.sqltypes.AutoString(), nullable=True),
    sa.Column('before', sa.LargeBinary(), nullable=True),
    sa.Column('after', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('started_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('finished_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('undone_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['session_id'], ['setup_sessions.id'], name=op.f('fk_setup_action_logs_session_id')),
    sa.ForeignKeyConstraint(['tenant_id'], ['tenants.id'], name=op.f('fk_setup_action_logs_tenant_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_setup_action_logs')),
    sa.UniqueConstraint('session_id', 'idem', name=op.f('uq_setup_action_logs_session_id_idem'))
    )
    op.create_index('ix_setup_action_logs_session', 'setup_action_logs', ['session_id', 'started_at'], unique=False)
    op.create_table('setup_approvals',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('session_id', sa.Uuid(), nullable=False),
    sa.Column('tenant_id', sa.Uuid(), nullable=False),
    sa.Column('plan_hash', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('interrupt_id', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('plan', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('state', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('requested_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('decided_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('decided_by', sqlmodel.sql.sqltypes.AutoString(), nullable=True),
    sa.ForeignKeyConstraint(['session_id'], ['setup_sessions.id'], name=op.f('fk_setup_approvals_session_id')),
    sa.ForeignKeyConstraint(['tenant_id'], ['tenants.id'], name=op.f('fk_setup_approvals_tenant_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_setup_approvals')),
    sa.UniqueConstraint('session_id', 'interrupt_id', name=op.f('uq_setup_approvals_session_id_interrupt_id'))
    )
    op.create_index('ix_setup_approvals_pending', 'setup_approvals', ['expires_at'], unique=False, postgresql_where=sa.text("state = 'pending'"))
    op.create_table('setup_intents',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('session_id', sa.Uuid(), nullable=False),
    sa.Column('tenant_id', sa.Uuid(), nullable=False),
    sa.Column('seq', sa.BigInteger(), nullable=False),
    sa.Column('client_id', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('kind', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('payload', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('actor', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('state', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('code', sqlmodel.sql.sqltypes.AutoString(), nullable=True),
    sa.Column('result', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('handled_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['session_id'], ['setup_sessions.id'], name=op.f('fk_setup_intents_session_id')),
    sa.ForeignKeyConstraint(['tenant_id'], ['tenants.id'], name=op.f('fk_setup_intents_tenant_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_setup_intents')),
    sa.UniqueConstraint('session_id', 'client_id', name=op.f('uq_setup_intents_session_id_client_id')),
    sa.UniqueConstraint('session_id', 'seq', name=op.f('uq_setup_intents_session_id_seq'))
    )
    op.create_index('ix_setup_intents_queued', 'setup_intents', ['session_id', 'seq'], unique=False, postgresql_where=sa.text("state = 'queued'"))
    op.create_table('setup_messages',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('session_id', sa.Uuid(), nullable=False),
    sa.Column('tenant_id', sa.Uuid(), nullable=False),
    sa.Column('client_id', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('role', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('text', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('code', sqlmodel.sql.sqltypes.AutoString(), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.ForeignKeyConstraint(['session_id'], ['setup_sessions.id'], name=op.f('fk_setup_messages_session_id')),
    sa.ForeignKeyConstraint(['tenant_id'], ['tenants.id'], name=op.f('fk_setup_messages_tenant_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_setup_messages')),
    sa.UniqueConstraint('session_id', 'client_id', name=op.f('uq_setup_messages_session_id_client_id'))
    )
    op.create_index('ix_setup_messages_session', 'setup_messages', ['session_id', 'created_at'], unique=False)
    op.create_table('tracking_configurations',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('tenant_id', sa.Uuid(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('state', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('spec', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('plan_hash', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('session_id', sa.Uuid(), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('activated_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['session_id'], ['setup_sessions.id'], name=op.f('fk_tracking_configurations_session_id')),
    sa.ForeignKeyConstraint(['tenant_id'], ['tenants.id'], name=op.f('fk_tracking_configurations_tenant_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_tracking_configurations')),
    sa.UniqueConstraint('tenant_id', 'version', name=op.f('uq_tracking_configurations_tenant_id_version'))
    )
    op.create_index('uq_tracking_configurations_active', 'tracking_configurations', ['tenant_id'], unique=True, postgresql_where=sa.text("state = 'active'"))
    op.add_column('api_keys', sa.Column('value', sqlmodel.sql.sqltypes.AutoString(), nullable=True))
    op.add_column('conversions', sa.Column('is_synthetic', sa.Boolean(), server_default=sa.text('false'), nullable=False))
    op.add_column('deliveries', sa.Column('test_event_code', sqlmodel.sql.sqltypes.AutoString(), nullable=True))
    op.add_column('meta_connections', sa.Column('next_access_token', sa.LargeBinary(), nullable=True))
    op.add_column('meta_connections', sa.Column('token_ref', sqlmodel.sql.sqltypes.AutoString(), nullable=True))
    op.add_column('meta_connections', sa.Column('next_token_ref', sqlmodel.sql.sqltypes.AutoString(), nullable=True))
    op.add_column('meta_connections', sa.Column('disabled_at', sa.DateTime(timezone=True), nullable=True))
    op.add_column('webhook_endpoints', sa.Column('next_secret', sa.LargeBinary(), nullable=True))
    op.add_column('webhook_endpoints', sa.Column('secret_ref', sqlmodel.sql.sqltypes.AutoString(), nullable=True))
    op.add_column('webhook_endpoints', sa.Column('next_secret_ref', sqlmodel.sql.sqltypes.AutoString(), nullable=True))


def downgrade() -> None:
    op.drop_column('webhook_endpoints', 'next_secret_ref')
    op.drop_column('webhook_endpoints', 'secret_ref')
    op.drop_column('webhook_endpoints', 'next_secret')
    op.drop_column('meta_connections', 'disabled_at')
    op.drop_column('meta_connections', 'next_token_ref')
    op.drop_column('meta_connections', 'token_ref')
    op.drop_column('meta_connections', 'next_access_token')
    op.drop_column('deliveries', 'test_event_code')
    op.drop_column('conversions', 'is_synthetic')
    op.drop_column('api_keys', 'value')
    op.drop_index('uq_tracking_configurations_active', table_name='tracking_configurations')
    op.drop_table('tracking_configurations')
    op.drop_index('ix_setup_messages_session', table_name='setup_messages')
    op.drop_table('setup_messages')
    op.drop_index('ix_setup_intents_queued', table_name='setup_intents', postgresql_where=sa.text("state = 'queued'"))
    op.drop_table('setup_intents')
    op.drop_index('ix_setup_approvals_pending', table_name='setup_approvals', postgresql_where=sa.text("state = 'pending'"))
    op.drop_table('setup_approvals')
    op.drop_index('ix_setup_action_logs_session', table_name='setup_action_logs')
    op.drop_table('setup_action_logs')
    op.drop_table('session_events')
    op.drop_index('ix_vault_secrets_tenant', table_name='vault_secrets')
    op.drop_index(op.f('ix_vault_secrets_session_id'), table_name='vault_secrets')
    op.drop_index('ix_vault_secrets_expiring', table_name='vault_secrets', postgresql_where=sa.text("state = 'unverified'"))
    op.drop_table('vault_secrets')
    op.drop_table('synthetic_sales')
    op.drop_index('ix_setup_sessions_tenant', table_name='setup_sessions')
    op.drop_table('setup_sessions')
    op.drop_index(op.f('ix_secret_accesses_secret_id'), table_name='secret_accesses')
    op.drop_table('secret_accesses')
