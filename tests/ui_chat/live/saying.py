"""Messages that were said before anybody looks."""

from datetime import timedelta

import psycopg
from psycopg.types.json import Jsonb

from tests.journey.seller import Seller
from tracking_core.kit import clock
from tracking_core.kit.ids import new_id

_INSERT = """
INSERT INTO setup_messages
    (id, session_id, tenant_id, client_id, role, text, mode, turn_id, attachments, secrets, created_at)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
"""


def were_said(shop: Seller, *said: tuple[str, str], mode: str | None = None) -> None:
    """Roles with texts, oldest first, all answered already."""
    begin = clock.now() - timedelta(hours=30)
    with psycopg.connect(shop.stack.dsn) as connection:
        for at, (role, text) in enumerate(said):
            name, turn = f"test:{new_id()}", new_id()
            moment = begin + timedelta(minutes=at)
            row = (new_id(), shop.session_id, shop.tenant_id, name, role, text, mode, turn)
            connection.execute(_INSERT, (*row, Jsonb([]), Jsonb([]), moment))
