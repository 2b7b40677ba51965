"""Who looks at a case, its sentences in every language, frames that are withdrawn, and what was matched lately"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from tracking_core.migrations import indexes

revision = '20261126_0014'
down_revision = '20261126_0013'
branch_labels = None
depends_on = None


def upgrade() -> None:
    indexes.build({'ix_matches_matched': 'matches USING brin (matched_at)'})
    # Nobody misses after a crash who looked at a case before it.
    op.create_table('desk_presence',
    sa.Column('handoff_id', sa.Uuid(), nullable=False),
    sa.Column('user_id', sa.Uuid(), nullable=False),
    sa.Column('seen_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['handoff_id'], ['setup_handoffs.id'], name=op.f('fk_desk_presence_handoff_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['user_id'], ['users.id'], name=op.f('fk_desk_presence_user_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('handoff_id', 'user_id', name=op.f('pk_desk_presence')),
    prefixes=['UNLOGGED']
    )
    op.add_column('setup_handoffs', sa.Column('sentences', postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False))
    op.add_column('setup_sessions', sa.Column('embed_epoch', sa.Integer(), server_default=sa.text('0'), nullable=False))


def downgrade() -> None:
    op.execute('DROP INDEX ix_matches_matched')
    op.drop_column('setup_sessions', 'embed_epoch')
    op.drop_column('setup_handoffs', 'sentences')
    op.drop_table('desk_presence')
