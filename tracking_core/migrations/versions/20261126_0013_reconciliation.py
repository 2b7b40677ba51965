"""Reconciliation with the gateways"""

from alembic import op

revision = '20261126_0013'
down_revision = '20261126_0012'
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
