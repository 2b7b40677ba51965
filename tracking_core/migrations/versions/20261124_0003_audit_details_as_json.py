"""Audit details as JSON; a notification's outcome is only its webhook's reason"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "20261124_0003"
down_revision = "20261124_0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.alter_column("audit_log", "details", type_=postgresql.JSONB(), postgresql_using="details::jsonb")
    op.drop_column("sale_events", "outcome")


def downgrade() -> None:
    op.add_column("sale_events", sa.Column("outcome", sa.String(), nullable=False, server_default=""))
    op.alter_column("audit_log", "details", type_=sa.String(), postgresql_using="details::text")
