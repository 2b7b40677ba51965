"""An index of withheld sales, so that totals look only at sales that did not arrive"""

from alembic import op

from tracking_core.migrations import indexes

revision = "20261127_0019"
down_revision = "20261126_0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    where = "state = 'withheld' AND conversion_id IS NOT NULL"
    indexes.build({"ix_deliveries_withheld": f"deliveries (tenant_id, conversion_id) WHERE {where}"})


def downgrade() -> None:
    op.drop_index("ix_deliveries_withheld", table_name="deliveries")
