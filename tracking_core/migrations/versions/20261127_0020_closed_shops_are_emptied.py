"""When a closed shop was emptied of people"""

import sqlalchemy as sa
from alembic import op

revision = '20261127_0020'
down_revision = '20261127_0019'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('tenants', sa.Column('emptied_at', sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    op.drop_column('tenants', 'emptied_at')
