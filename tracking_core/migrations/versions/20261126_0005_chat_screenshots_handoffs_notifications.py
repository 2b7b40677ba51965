"""The chat, its screenshots, handoffs and notifications"""

import sqlalchemy as sa
import sqlmodel
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '20261126_0005'
down_revision = '20261126_0004'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('staff_keys',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('name', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('role', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('key_hash', sa.LargeBinary(), nullable=False),
    sa.Column('hint', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('revoked_at', sa.DateTime(timezone=True), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_staff_keys')),
    sa.UniqueConstraint('key_hash', name=op.f('uq_staff_keys_key_hash'))
    )
    op.create_table('setup_chats',
    sa.Column('session_id', sa.Uuid(), nullable=False),
    sa.Column('tenant_id', sa.Uuid(), nullable=False),
    sa.Column('mode', sqlmodel.sql.sqltypes.AutoString(), nullable=True),
    sa.Column('prompt', sqlmodel.sql.sqltypes.AutoString(), nullable=True),
    sa.Column('lease_owner', sa.Uuid(), nullable=True),
    sa.Column('lease_until', sa.DateTime(timezone=True), nullable=True),
    sa.Column('fence', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['session_id'], ['setup_sessions.id'], name=op.f('fk_setup_chats_session_id')),
    sa.ForeignKeyConstraint(['tenant_id'], ['tenants.id'], name=op.f('fk_setup_chats_tenant_id')),
    sa.PrimaryKeyConstraint('session_id', name=op.f('pk_setup_chats'))
    )
    op.create_table('setup_failures',
    sa.Column('session_id', sa.Uuid(), nullable=False),
    sa.Column('step', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('fingerprint', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('tenant_id', sa.Uuid(), nullable=False),
    sa.Column('count', sa.Integer(), nullable=False),
    sa.Column('last_intent_id', sa.Uuid(), nullable=False),
    sa.Column('first_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('last_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.ForeignKeyConstraint(['session_id'], ['setup_sessions.id'], name=op.f('fk_setup_failures_session_id')),
    sa.ForeignKeyConstraint(['tenant_id'], ['tenants.id'], name=op.f('fk_setup_failures_tenant_id')),
    sa.PrimaryKeyConstraint('session_id', 'step', 'fingerprint', name=op.f('pk_setup_failures'))
    )
    op.create_table('setup_handoffs',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('session_id', sa.Uuid(), nullable=False),
    sa.Column('tenant_id', sa.Uuid(), nullable=False),
    sa.Column('state', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('reason', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('priority', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('package', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('package_version', sa.Integer(), nullable=False),
    sa.Column('prompt', sqlmodel.sql.sqltypes.AutoString(), nullable=True),
    sa.Column('notes', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('owner', sqlmodel.sql.sqltypes.AutoString(), nullable=True),
    sa.Column('due_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('breached_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('taken_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('closed_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.ForeignKeyConstraint(['session_id'], ['setup_sessions.id'], name=op.f('fk_setup_handoffs_session_id')),
    sa.ForeignKeyConstraint(['tenant_id'], ['tenants.id'], name=op.f('fk_setup_handoffs_tenant_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_setup_handoffs'))
    )
    op.create_index('ix_setup_handoffs_due', 'setup_handoffs', ['due_at'], unique=False, postgresql_where=sa.text("state IN ('open', 'taken') AND breached_at IS NULL"))
    op.create_index('ix_setup_handoffs_tenant', 'setup_handoffs', ['tenant_id', 'created_at'], unique=False)
    op.create_index('uq_setup_handoffs_open', 'setup_handoffs', ['session_id'], unique=True, postgresql_where=sa.text("state IN ('open', 'taken')"))
    op.create_table('setup_screenshots',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('session_id', sa.Uuid(), nullable=False),
    sa.Column('tenant_id', sa.Uuid(), nullable=False),
    sa.Column('state', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('sealed', sa.LargeBinary(), nullable=True),
    sa.Column('digest', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('width', sa.Integer(), nullable=False),
    sa.Column('height', sa.Integer(), nullable=False),
    sa.Column('bytes', sa.Integer(), nullable=False),
    sa.Column('extraction', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('reason', sqlmodel.sql.sqltypes.AutoString(), nullable=True),
    sa.Column('created_by', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['session_id'], ['setup_sessions.id'], name=op.f('fk_setup_screenshots_session_id')),
    sa.ForeignKeyConstraint(['tenant_id'], ['tenants.id'], name=op.f('fk_setup_screenshots_tenant_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_setup_screenshots'))
    )
    op.create_index('ix_setup_screenshots_expiring', 'setup_screenshots', ['expires_at'], unique=False, postgresql_where=sa.text('sealed IS NOT NULL'))
    op.create_index('ix_setup_screenshots_session', 'setup_screenshots', ['session_id', 'created_at'], unique=False)
    op.create_table('setup_turns',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('session_id', sa.Uuid(), nullable=False),
    sa.Column('tenant_id', sa.Uuid(), nullable=False),
    sa.Column('state', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('mode', sqlmodel.sql.sqltypes.AutoString(), nullable=True),
    sa.Column('fallback', sqlmodel.sql.sqltypes.AutoString(), nullable=True),
    sa.Column('model', sqlmodel.sql.sqltypes.AutoString(), nullable=True),
    sa.Column('prompt', sqlmodel.sql.sqltypes.AutoString(), nullable=True),
    sa.Column('calls', sa.Integer(), nullable=False),
    sa.Column('input_tokens', sa.Integer(), nullable=False),
    sa.Column('output_tokens', sa.Integer(), nullable=False),
    sa.Column('failures', sa.Integer(), nullable=False),
    sa.Column('started_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('finished_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['session_id'], ['setup_sessions.id'], name=op.f('fk_setup_turns_session_id')),
    sa.ForeignKeyConstraint(['tenant_id'], ['tenants.id'], name=op.f('fk_setup_turns_tenant_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_setup_turns'))
    )
    op.create_index('ix_setup_turns_session', 'setup_turns', ['session_id', 'started_at'], unique=False)
    op.create_index('uq_setup_turns_running', 'setup_turns', ['session_id'], unique=True, postgresql_where=sa.text("state = 'running'"))
    op.create_table('notifications',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('tenant_id', sa.Uuid(), nullable=False),
    sa.Column('handoff_id', sa.Uuid(), nullable=False),
    sa.Column('channel', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('kind', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('key', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('payload', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('state', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('attempts', sa.Integer(), nullable=False),
    sa.Column('due_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('lease_until', sa.DateTime(timezone=True), nullable=True),
    sa.Column('error', sqlmodel.sql.sqltypes.AutoString(), nullable=True),
    sa.Column('external', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('sent_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['handoff_id'], ['setup_handoffs.id'], name=op.f('fk_notifications_handoff_id')),
    sa.ForeignKeyConstraint(['tenant_id'], ['tenants.id'], name=op.f('fk_notifications_tenant_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_notifications')),
    sa.UniqueConstraint('handoff_id', 'channel', 'key', name=op.f('uq_notifications_handoff_id_channel_key'))
    )
    op.create_index('ix_notifications_due', 'notifications', ['due_at'], unique=False, postgresql_where=sa.text("state = 'waiting'"))
    op.add_column('setup_messages', sa.Column('turn_id', sa.Uuid(), nullable=True))
    op.add_column('setup_messages', sa.Column('mode', sqlmodel.sql.sqltypes.AutoString(), nullable=True))
    op.add_column('setup_messages', sa.Column('prompt', sqlmodel.sql.sqltypes.AutoString(), nullable=True))
    op.add_column('setup_messages', sa.Column('attachments', postgresql.JSONB(astext_type=sa.Text()), server_default='[]', nullable=False))
    op.add_column('setup_messages', sa.Column('secrets', postgresql.JSONB(astext_type=sa.Text()), server_default='[]', nullable=False))
    op.create_index('ix_setup_messages_unanswered', 'setup_messages', ['session_id', 'created_at'], unique=False, postgresql_where=sa.text("role = 'seller' AND turn_id IS NULL"))
    op.add_column('setup_sessions', sa.Column('contact', sa.LargeBinary(), nullable=True))
    op.add_column('tenants', sa.Column('escalate_after', sa.Integer(), server_default='3', nullable=False))


def downgrade() -> None:
    op.drop_column('tenants', 'escalate_after')
    op.drop_column('setup_sessions', 'contact')
    op.drop_index('ix_setup_messages_unanswered', table_name='setup_messages', postgresql_where=sa.text("role = 'seller' AND turn_id IS NULL"))
    op.drop_column('setup_messages', 'secrets')
    op.drop_column('setup_messages', 'attachments')
    op.drop_column('setup_messages', 'prompt')
    op.drop_column('setup_messages', 'mode')
    op.drop_column('setup_messages', 'turn_id')
    op.drop_index('ix_notifications_due', table_name='notifications', postgresql_where=sa.text("state = 'waiting'"))
    op.drop_table('notifications')
    op.drop_index('uq_setup_turns_running', table_name='setup_turns', postgresql_where=sa.text("state = 'running'"))
    op.drop_index('ix_setup_turns_session', table_name='setup_turns')
    op.drop_table('setup_turns')
    op.drop_index('ix_setup_screenshots_session', table_name='setup_screenshots')
    op.drop_index('ix_setup_screenshots_expiring', table_name='setup_screenshots', postgresql_where=sa.text('sealed IS NOT NULL'))
    op.drop_table('setup_screenshots')
    op.drop_index('uq_setup_handoffs_open', table_name='setup_handoffs', postgresql_where=sa.text("state IN ('open', 'taken')"))
    op.drop_index('ix_setup_handoffs_tenant', table_name='setup_handoffs')
    op.drop_index('ix_setup_handoffs_due', table_name='setup_handoffs', postgresql_where=sa.text("state IN ('open', 'taken') AND breached_at IS NULL"))
    op.drop_table('setup_handoffs')
    op.drop_table('setup_failures')
    op.drop_table('setup_chats')
    op.drop_table('staff_keys')
