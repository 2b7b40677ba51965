"""The rows of ``tenants`` without their data keys: what pg_dump cannot leave out of a table is written beside it."""

from pathlib import Path
from uuid import UUID

from psycopg import sql

from tracking_core.backup.counted import Connection

TABLE, KEY = "tenants", "wrapped_data_key"
SUFFIX = ".tenants.csv"
_COLUMNS = """
SELECT attname FROM pg_attribute
WHERE attrelid = 'tenants'::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = '' ORDER BY attnum
"""


def place_of(dump: Path) -> Path:
    return dump.with_name(dump.name + SUFFIX)


def write(connection: Connection, place: Path) -> None:
    """CSV with a header; the column of the key is there, and empty."""
    names = [str(row[0]) for row in connection.execute(_COLUMNS).fetchall()]
    told = [sql.SQL("''::bytea AS {}" if name == KEY else "{}").format(sql.Identifier(name)) for name in names]
    query = sql.SQL("COPY (SELECT {} FROM tenants ORDER BY id) TO STDOUT (FORMAT csv, HEADER)")
    with connection.cursor().copy(query.format(sql.SQL(", ").join(told))) as copy, place.open("wb") as file:
        for block in copy:
            file.write(block)


def read(connection: Connection, place: Path) -> None:
    """Into the empty table."""
    with place.open("rb") as file:
        columns = sql.SQL(", ").join(map(sql.Identifier, file.readline().decode().strip().split(",")))
        query = sql.SQL("COPY tenants ({}) FROM STDIN (FORMAT csv)").format(columns)
        with connection.cursor().copy(query) as copy:
            while block := file.read(1 << 16):
                copy.write(block)


def give_keys(connection: Connection, keys: dict[UUID, bytes]) -> None:
    """To tenants that are not closed."""
    given = [(key, tenant_id) for tenant_id, key in keys.items()]
    with connection.cursor() as cursor:
        cursor.executemany("UPDATE tenants SET wrapped_data_key = %s WHERE id = %s AND closed_at IS NULL", given)
