"""Erased sales are asked for by tenant, and a request counts its searches"""

import sqlalchemy as sa
from alembic import op

from tracking_core.migrations import indexes

revision = '20261126_0016'
down_revision = '20261126_0015'
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Beside the primary key, by which processes of the version before ask and write until they are replaced.
    indexes.build({'ix_erased_sales_tenant': 'erased_sales (tenant_id, fingerprint)'})
    op.add_column('privacy_requests', sa.Column('searches', sa.Integer(), server_default=sa.text('0'), nullable=False))


def downgrade() -> None:
    op.drop_column('privacy_requests', 'searches')
    op.drop_index('ix_erased_sales_tenant', table_name='erased_sales')
