"""Replays of dead letters"""

import sqlalchemy as sa
import sqlmodel
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '20261126_0007'
down_revision = '20261126_0006'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('replays',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('tenant_id', sa.Uuid(), nullable=True),
    sa.Column('is_operator', sa.Boolean(), nullable=False),
    sa.Column('actor', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('filter', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('seen_until', sa.DateTime(timezone=True), nullable=False),
    sa.Column('found', sa.Integer(), nullable=False),
    sa.Column('replayed', sa.Integer(), nullable=False),
    sa.Column('too_late', sa.Integer(), nullable=False),
    sa.Column('undone', sa.Integer(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('finished_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['tenant_id'], ['tenants.id'], name=op.f('fk_replays_tenant_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_replays'))
    )
    op.create_index('ix_replays_due', 'replays', ['created_at'], unique=False, postgresql_where=sa.text('finished_at IS NULL'))
    op.create_index('ix_replays_tenant', 'replays', ['tenant_id', 'created_at'], unique=False)
    op.add_column('deliveries', sa.Column('died_at', sa.DateTime(timezone=True), nullable=True))
    op.add_column('deliveries', sa.Column('replay_id', sa.Uuid(), nullable=True))
    op.create_foreign_key(op.f('fk_deliveries_replay_id'), 'deliveries', 'replays', ['replay_id'], ['id'])
    op.create_index('ix_deliveries_replay', 'deliveries', ['replay_id'], unique=False, postgresql_where=sa.text('replay_id IS NOT NULL'))


def downgrade() -> None:
    op.drop_index('ix_deliveries_replay', table_name='deliveries', postgresql_where=sa.text('replay_id IS NOT NULL'))
    op.drop_constraint(op.f('fk_deliveries_replay_id'), 'deliveries', type_='foreignkey')
    op.drop_column('deliveries', 'replay_id')
    op.drop_column('deliveries', 'died_at')
    op.drop_index('ix_replays_tenant', table_name='replays')
    op.drop_index('ix_replays_due', table_name='replays', postgresql_where=sa.text('finished_at IS NULL'))
    op.drop_table('replays')
