"""Retention runs and consent records"""

from alembic import op

revision = '20261126_0010'
down_revision = '20261126_0009'
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
