"""Reconciliation with the gateways"""

import sqlalchemy as sa
import sqlmodel
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '20261126_0013'
down_revision = '20261126_0012'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('reconciliation_runs',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('tenant_id', sa.Uuid(), nullable=False),
    sa.Column('endpoint_id', sa.Uuid(), nullable=False),
    sa.Column('gateway', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('kind', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('actor', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('since', sa.DateTime(timezone=True), nullable=False),
    sa.Column('until', sa.DateTime(timezone=True), nullable=False),
    sa.Column('scheduled_for', sa.DateTime(timezone=True), nullable=True),
    sa.Column('state', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('part', sa.Integer(), nullable=False),
    sa.Column('page', sqlmodel.sql.sqltypes.AutoString(), nullable=True),
    sa.Column('pages', sa.Integer(), nullable=False),
    sa.Column('attempts', sa.Integer(), nullable=False),
    sa.Column('due_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('code', sqlmodel.sql.sqltypes.AutoString(), nullable=True),
    sa.Column('reason', sqlmodel.sql.sqltypes.AutoString(), nullable=True),
    sa.Column('credential_ref', sqlmodel.sql.sqltypes.AutoString(), nullable=True),
    sa.Column('found', sa.Integer(), nullable=False),
    sa.Column('known', sa.Integer(), nullable=False),
    sa.Column('missing', sa.Integer(), nullable=False),
    sa.Column('recovered', sa.Integer(), nullable=False),
    sa.Column('changed', sa.Integer(), nullable=False),
    sa.Column('unreadable', sa.Integer(), nullable=False),
    sa.Column('differences', sa.Integer(), nullable=True),
    sa.Column('totals', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('lease_owner', sa.Uuid(), nullable=True),
    sa.Column('lease_until', sa.DateTime(timezone=True), nullable=True),
    sa.Column('fence', sa.BigInteger(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('finished_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['endpoint_id'], ['webhook_endpoints.id'], name=op.f('fk_reconciliation_runs_endpoint_id')),
    sa.ForeignKeyConstraint(['tenant_id'], ['tenants.id'], name=op.f('fk_reconciliation_runs_tenant_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_reconciliation_runs')),
    sa.UniqueConstraint('endpoint_id', 'kind', 'scheduled_for', name=op.f('uq_reconciliation_runs_endpoint_id_kind_scheduled_for'))
    )
    op.create_index('ix_reconciliation_runs_created', 'reconciliation_runs', ['created_at', 'id'], unique=False)
    op.create_index('ix_reconciliation_runs_due', 'reconciliation_runs', ['due_at'], unique=False, postgresql_where=sa.text("state IN ('reading', 'comparing')"))
    op.create_index('ix_reconciliation_runs_endpoint', 'reconciliation_runs', ['endpoint_id', 'finished_at'], unique=False)
    op.create_index('ix_reconciliation_runs_listing', 'reconciliation_runs', ['tenant_id', 'created_at', 'id'], unique=False)
    op.create_table('gateway_sales',
    sa.Column('endpoint_id', sa.Uuid(), nullable=False),
    sa.Column('sale_id', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('tenant_id', sa.Uuid(), nullable=False),
    sa.Column('status', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('said_status', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('amount', sa.Numeric(precision=18, scale=4), nullable=True),
    sa.Column('currency', sqlmodel.sql.sqltypes.AutoString(length=3), nullable=True),
    sa.Column('ordered_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('seen_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['endpoint_id'], ['webhook_endpoints.id'], name=op.f('fk_gateway_sales_endpoint_id')),
    sa.ForeignKeyConstraint(['tenant_id'], ['tenants.id'], name=op.f('fk_gateway_sales_tenant_id')),
    sa.PrimaryKeyConstraint('endpoint_id', 'sale_id', name=op.f('pk_gateway_sales'))
    )
    op.create_index('ix_gateway_sales_ordered', 'gateway_sales', ['endpoint_id', 'ordered_at'], unique=False)
    op.create_index('ix_gateway_sales_sale', 'gateway_sales', ['tenant_id', 'sale_id'], unique=False)
    op.create_table('backfilled_items',
    sa.Column('webhook_id', sa.Uuid(), nullable=False),
    sa.Column('tenant_id', sa.Uuid(), nullable=False),
    sa.Column('endpoint_id', sa.Uuid(), nullable=False),
    sa.Column('run_id', sa.Uuid(), nullable=False),
    sa.Column('reason', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('sale_id', sqlmodel.sql.sqltypes.AutoString(), nullable=True),
    sa.Column('problem', sqlmodel.sql.sqltypes.AutoString(), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.ForeignKeyConstraint(['endpoint_id'], ['webhook_endpoints.id'], name=op.f('fk_backfilled_items_endpoint_id')),
    sa.ForeignKeyConstraint(['run_id'], ['reconciliation_runs.id'], name=op.f('fk_backfilled_items_run_id')),
    sa.ForeignKeyConstraint(['tenant_id'], ['tenants.id'], name=op.f('fk_backfilled_items_tenant_id')),
    sa.PrimaryKeyConstraint('webhook_id', name=op.f('pk_backfilled_items'))
    )
    op.create_index('ix_backfilled_items_run', 'backfilled_items', ['run_id'], unique=False)
    op.create_index('ix_backfilled_items_sale', 'backfilled_items', ['tenant_id', 'sale_id'], unique=False)
    op.create_table('erased_sales',
    sa.Column('endpoint_id', sa.Uuid(), nullable=False),
    sa.Column('fingerprint', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('tenant_id', sa.Uuid(), nullable=False),
    sa.Column('erased_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.ForeignKeyConstraint(['endpoint_id'], ['webhook_endpoints.id'], name=op.f('fk_erased_sales_endpoint_id')),
    sa.ForeignKeyConstraint(['tenant_id'], ['tenants.id'], name=op.f('fk_erased_sales_tenant_id')),
    sa.PrimaryKeyConstraint('endpoint_id', 'fingerprint', name=op.f('pk_erased_sales'))
    )


def downgrade() -> None:
    op.drop_table('erased_sales')
    op.drop_table('backfilled_items')
    op.drop_table('gateway_sales')
    op.drop_table('reconciliation_runs')
