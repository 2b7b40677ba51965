"""Alerts and their channels"""

from alembic import op

revision = '20261126_0011'
down_revision = '20261126_0010'
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
