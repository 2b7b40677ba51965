"""Privacy requests"""

import sqlalchemy as sa
import sqlmodel
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '20261126_0009'
down_revision = '20261126_0008'
branch_labels = None
depends_on = None

_OPEN = sa.text("state IN ('planned', 'running')")
_DUE = sa.text("state = 'running'")


def upgrade() -> None:
    op.create_table('privacy_requests',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('tenant_id', sa.Uuid(), nullable=False),
    sa.Column('kind', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('fingerprint', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('sealed', sa.LargeBinary(), nullable=True),
    sa.Column('state', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('plan', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('plan_hash', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('requested_by', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('approved_by', sqlmodel.sql.sqltypes.AutoString(), nullable=True),
    sa.Column('approved_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('progress', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('passes', sa.Integer(), nullable=False),
    sa.Column('failures', sa.Integer(), nullable=False),
    sa.Column('receipt', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('finished_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['tenant_id'], ['tenants.id'], name=op.f('fk_privacy_requests_tenant_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_privacy_requests'))
    )
    op.create_index('uq_privacy_requests_open', 'privacy_requests', ['tenant_id', 'kind', 'fingerprint'], unique=True, postgresql_where=_OPEN)
    op.create_index('ix_privacy_requests_due', 'privacy_requests', ['approved_at'], unique=False, postgresql_where=_DUE)
    op.create_index('ix_privacy_requests_listing', 'privacy_requests', ['tenant_id', 'created_at'], unique=False)
    op.create_table('privacy_webhook_keys',
    sa.Column('webhook_id', sa.Uuid(), nullable=False),
    sa.Column('tenant_id', sa.Uuid(), nullable=False),
    sa.Column('keys', postgresql.ARRAY(sa.Text()), nullable=False),
    sa.ForeignKeyConstraint(['tenant_id'], ['tenants.id'], name=op.f('fk_privacy_webhook_keys_tenant_id')),
    sa.ForeignKeyConstraint(['webhook_id'], ['received_webhooks.id'], name=op.f('fk_privacy_webhook_keys_webhook_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('webhook_id', name=op.f('pk_privacy_webhook_keys'))
    )
    op.create_index(op.f('ix_privacy_webhook_keys_tenant_id'), 'privacy_webhook_keys', ['tenant_id'], unique=False)
    op.create_index('ix_privacy_webhook_keys_keys', 'privacy_webhook_keys', ['keys'], unique=False, postgresql_using='gin')


def downgrade() -> None:
    op.drop_table('privacy_webhook_keys')
    op.drop_table('privacy_requests')
