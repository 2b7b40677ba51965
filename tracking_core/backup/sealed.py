"""Whether what is sealed in a restored database opens with the keys of this process, and stays shut where it must."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from psycopg import sql

from tracking_core.backup.counted import Connection
from tracking_core.errors import ConfigurationError
from tracking_core.privacy.sealed import PLACES, Place
from tracking_core.secrets.keyring import Keyring, TenantCipher, process_keyring

# Of every place and tenant the oldest and the newest: a key that is lost is lost for all of a tenant's, and a value
# that was sealed for another place is found where it stands.
_SAMPLE = sql.SQL("""
SELECT tenant_id, id, {column} FROM (
    SELECT t.tenant_id, t.id, t.{column}, row_number() OVER (PARTITION BY t.tenant_id ORDER BY t.id) AS oldest,
        row_number() OVER (PARTITION BY t.tenant_id ORDER BY t.id DESC) AS newest
    FROM {table} t JOIN tenants k ON k.id = t.tenant_id
    WHERE octet_length(t.{column}) > 0 AND k.closed_at IS NULL {which}
) s WHERE oldest = 1 OR newest = 1
""")
# The vault's other backends keep the value with them.
_HERE = {"vault_secrets": sql.SQL("AND t.backend = 'local'")}
_TENANTS = "SELECT id, wrapped_data_key FROM tenants WHERE closed_at IS NULL AND id <> ALL(%s) ORDER BY id"
_CLOSED = """
SELECT id, octet_length(wrapped_data_key) > 0 FROM tenants WHERE closed_at IS NOT NULL OR id = ANY(%s) ORDER BY id
"""


@dataclass(slots=True)
class Opened:
    """``problems`` name places and tenants, never what stands there."""

    values: int = 0
    problems: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Lit:
    """``tenants`` are closed and could still be read."""

    closed: int
    tenants: list[UUID]


def sample(connection: Connection, closed: list[UUID]) -> Opened:
    """Every tenant's data key, and of every sealed column a few values of every tenant; but of those ``closed`` since
    the backup was made."""
    opened = Opened()
    try:
        ciphers = dict(_ciphers(connection, process_keyring(), closed, opened))
    except ConfigurationError as error:
        opened.problems.append(str(error))
        return opened
    for place in PLACES:
        _open(connection, place, ciphers, opened)
    return opened


def closed_but_lit(connection: Connection, closed: list[UUID]) -> Lit:
    """Closed before the backup, or since: ``closed``."""
    rows = connection.execute(_CLOSED, [closed]).fetchall()
    return Lit(len(rows), [row[0] for row in rows if row[1]])


def _ciphers(
    connection: Connection, keyring: Keyring, closed: list[UUID], opened: Opened
) -> Iterator[tuple[UUID, TenantCipher]]:
    for tenant_id, wrapped in connection.execute(_TENANTS, [closed]).fetchall():
        try:
            yield tenant_id, TenantCipher(keyring.open_data_key(bytes(wrapped), tenant_id))
        except ConfigurationError as error:
            opened.problems.append(f"The data key of tenant {tenant_id} stays shut. {error}")


def _open(connection: Connection, place: Place, ciphers: dict[UUID, TenantCipher], opened: Opened) -> None:
    query = _SAMPLE.format(
        column=sql.Identifier(place.column),
        table=sql.Identifier(place.table),
        which=_HERE.get(place.table, sql.SQL("")),
    )
    rows: list[tuple[Any, ...]] = connection.execute(query).fetchall()
    for tenant_id, row_id, value in rows:
        if tenant_id not in ciphers:
            continue
        try:
            ciphers[tenant_id].decrypt(bytes(value), place.context(row_id))
        except ConfigurationError:
            opened.problems.append(f"{place.table}.{place.column} of {row_id} does not open.")
        else:
            opened.values += 1
