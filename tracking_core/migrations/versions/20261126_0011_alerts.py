"""Alerts and their channels"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from tracking_core.migrations import indexes

revision = '20261126_0011'
down_revision = '20261126_0010'
branch_labels = None
depends_on = None

_INDEXES = {
    'ix_deliveries_died': "deliveries (died_at) WHERE state = 'dead'",
    'ix_setup_action_logs_token_checks': "setup_action_logs (tenant_id, started_at)"
    " WHERE action = 'validate_meta_token' AND state = 'success'",
    'ix_received_webhooks_heard': 'received_webhooks (endpoint_id, received_at)',
}
_TABLES = ('alert_progress', 'slo_hours', 'slo_minutes', 'objective_settings', 'alert_silences', 'alert_messages',
           'alert_channels', 'alerts')


def upgrade() -> None:
    indexes.build(_INDEXES)
    _alerts()
    _channels()
    _messages()
    _silences()
    _settings()
    _counts('slo_minutes')
    _counts('slo_hours')
    op.create_table('alert_progress', sa.Column('name', sa.String(), nullable=False), _moment('at', nullable=False),
                    sa.PrimaryKeyConstraint('name', name=op.f('pk_alert_progress')))


def _alerts() -> None:
    op.create_table('alerts', *_of_tenant('alerts'),
    sa.Column('objective', sa.String(), nullable=False),
    sa.Column('scope', sa.String(), nullable=False),
    sa.Column('severity', sa.String(), nullable=False),
    sa.Column('state', sa.String(), nullable=False),
    sa.Column('openings', sa.Integer(), nullable=False),
    sa.Column('flaps', sa.Integer(), nullable=False),
    _moment('opened_at', nullable=False),
    _moment('last_seen_at', nullable=False),
    _moment('clear_since'),
    _moment('recovered_at'),
    sa.Column('acknowledged_by', sa.String(), nullable=True),
    _moment('acknowledged_at'),
    _moment('silenced_until'),
    sa.Column('facts', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    )
    op.create_index('uq_alerts_open', 'alerts', ['tenant_id', 'objective', 'scope'], unique=True,
                    postgresql_where=sa.text("state = 'open'"), postgresql_nulls_not_distinct=True)
    op.create_index('ix_alerts_tenant', 'alerts', ['tenant_id', 'opened_at'], unique=False)
    op.create_index('ix_alerts_opened', 'alerts', ['opened_at', 'id'], unique=False)
    op.create_index('ix_alerts_recovered', 'alerts', ['recovered_at'], unique=False,
                    postgresql_where=sa.text("state = 'recovered'"))


def _channels() -> None:
    op.create_table('alert_channels', *_of_tenant('alert_channels'),
    sa.Column('kind', sa.String(), nullable=False),
    sa.Column('target', sa.LargeBinary(), nullable=False),
    sa.Column('hint', sa.String(), nullable=False),
    sa.Column('min_severity', sa.String(), nullable=False),
    sa.Column('enabled', sa.Boolean(), nullable=False),
    _made(),
    _moment('last_ok_at'),
    sa.Column('last_error', sa.String(), nullable=True),
    )
    op.create_index('ix_alert_channels_tenant', 'alert_channels', ['tenant_id'], unique=False)


def _messages() -> None:
    op.create_table('alert_messages',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('alert_id', sa.Uuid(), nullable=False),
    sa.Column('channel_id', sa.Uuid(), nullable=False),
    sa.Column('kind', sa.String(), nullable=False),
    sa.Column('n', sa.Integer(), nullable=False),
    sa.Column('state', sa.String(), nullable=False),
    sa.Column('attempts', sa.Integer(), nullable=False),
    _made('due_at'),
    _moment('lease_until'),
    sa.Column('error', sa.String(), nullable=True),
    _made(),
    _moment('sent_at'),
    sa.ForeignKeyConstraint(['alert_id'], ['alerts.id'], name=op.f('fk_alert_messages_alert_id')),
    sa.ForeignKeyConstraint(['channel_id'], ['alert_channels.id'], name=op.f('fk_alert_messages_channel_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_alert_messages')),
    sa.UniqueConstraint('alert_id', 'channel_id', 'kind', 'n',
                        name=op.f('uq_alert_messages_alert_id_channel_id_kind_n')),
    )
    op.create_index(op.f('ix_alert_messages_channel_id'), 'alert_messages', ['channel_id'], unique=False)
    op.create_index('ix_alert_messages_due', 'alert_messages', ['due_at'], unique=False,
                    postgresql_where=sa.text("state = 'waiting'"))


def _silences() -> None:
    op.create_table('alert_silences', *_of_tenant('alert_silences'),
    sa.Column('objective', sa.String(), nullable=True),
    _moment('starts_at', nullable=False),
    _moment('ends_at', nullable=False),
    sa.Column('reason', sa.String(), nullable=False),
    sa.Column('created_by', sa.String(), nullable=False),
    _made(),
    )
    op.create_index('ix_alert_silences_ends', 'alert_silences', ['ends_at'], unique=False)


def _settings() -> None:
    op.create_table('objective_settings', *_of_tenant('objective_settings'),
    sa.Column('objective', sa.String(), nullable=False),
    sa.Column('overrides', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('enabled', sa.Boolean(), nullable=False),
    _made('updated_at'),
    sa.Column('updated_by', sa.String(), nullable=False),
    sa.UniqueConstraint('tenant_id', 'objective', name=op.f('uq_objective_settings_tenant_id_objective'),
                        postgresql_nulls_not_distinct=True),
    )


def _counts(table: str) -> None:
    op.create_table(table,
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('objective', sa.String(), nullable=False),
    sa.Column('tenant_id', sa.Uuid(), nullable=True),
    sa.Column('scope', sa.String(), nullable=False),
    _moment('at', nullable=False),
    sa.Column('good', sa.Integer(), nullable=False),
    sa.Column('total', sa.Integer(), nullable=False),
    sa.Column('excused', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f(f'pk_{table}')),
    )
    op.create_index(f'uq_{table}', table, ['objective', 'tenant_id', 'at', 'scope'], unique=True,
                    postgresql_nulls_not_distinct=True)
    op.create_index(f'ix_{table}_bad', table, ['objective', 'at'], unique=False,
                    postgresql_where=sa.text('good < total'))
    op.create_index(f'ix_{table}_at', table, ['at'], unique=False)


def _of_tenant(table: str) -> tuple[sa.schema.SchemaItem, ...]:
    return (
        sa.Column('id', sa.Uuid(), nullable=False),
        sa.Column('tenant_id', sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(['tenant_id'], ['tenants.id'], name=op.f(f'fk_{table}_tenant_id')),
        sa.PrimaryKeyConstraint('id', name=op.f(f'pk_{table}')),
    )


def _moment(name: str, *, nullable: bool = True) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _made(name: str = 'created_at') -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False)


def downgrade() -> None:
    for name in _INDEXES:
        op.execute(f'DROP INDEX {name}')
    for table in _TABLES:
        op.drop_table(table)
