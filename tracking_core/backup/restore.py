"""A backup becomes a database again: the dump, the tenants' rows, and the data keys that there still are."""

from collections.abc import Collection
from datetime import datetime
from pathlib import Path
from uuid import UUID

import psycopg
from sqlalchemy import make_url
from sqlmodel import col, select

from tracking_core.backup import keyfile, manifest, programs, rows
from tracking_core.backup.keyfile import KeyFile
from tracking_core.db.engine import transaction
from tracking_core.db.migrate import upgrade
from tracking_core.errors import ConfigurationError
from tracking_core.models import Tenant
from tracking_core.secrets.keyring import process_keyring
from tracking_core.settings import get_settings
from tracking_core.tenants import closing

ACTOR = "hub restore"
_TABLES = "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"


def restore(dump: Path, keys: Path, url: str) -> KeyFile:
    """Into the empty database at ``url``, brought to the newest version. Raises ConfigurationError."""
    told, known = manifest.read(dump), keyfile.read(keys)
    manifest.prove(dump, told)
    try:
        with psycopg.connect(url.replace("+psycopg", "")) as connection:
            [found] = connection.execute(_TABLES).fetchall()
    except psycopg.Error as error:
        raise ConfigurationError(problem=f"The database cannot be read: {type(error).__name__}.") from None
    if found[0]:
        raise ConfigurationError(problem=f"The database is not empty: it has {found[0]} tables. Make a new one.")
    rebuild(dump, known, url)
    upgrade(url)
    return known


def rebuild(dump: Path, known: KeyFile, url: str) -> None:
    """Without migrations: as it was. The tenants come before the constraints that ask for them."""
    how = ("--exit-on-error", "--no-owner", f"--dbname={make_url(url).database}")
    programs.run("pg_restore", *how, "--section=pre-data", "--section=data", str(dump), url=url)
    with psycopg.connect(url.replace("+psycopg", "")) as connection:
        rows.read(connection, rows.place_of(dump))
        rows.give_keys(connection, known.wrapped())
    programs.run("pg_restore", *how, "--section=post-data", str(dump), url=url)


def shut(known: KeyFile) -> list[str]:
    """Why data keys do not open with the keys of this process, each reason once. Everything opens: empty."""
    if not known.keys:
        return []
    if not get_settings().secrets_keys.get_secret_value():
        return [f"HUB_SECRETS_KEYS is empty, and the data keys need: {', '.join(known.wrapped_by)}."]
    reasons: dict[str, None] = {}
    for tenant_id, key in known.wrapped().items():
        try:
            process_keyring().open_data_key(key, tenant_id)
        except ConfigurationError as error:
            reasons[str(error)] = None
    return list(reasons)


async def close_again(closed: Collection[UUID], *, now: datetime) -> list[UUID]:
    """Who was closed after the backup was made is closed again; their ids."""
    async with transaction() as session:
        query = select(Tenant.id, Tenant.name).where(col(Tenant.id).in_(closed), col(Tenant.closed_at).is_(None))
        again = [(tenant_id, name) for tenant_id, name in await session.execute(query.order_by(col(Tenant.id)))]
    for tenant_id, name in again:
        async with transaction() as session:
            await closing.close(session, tenant_id, name=name, actor=ACTOR, now=now)
        await closing.revoke_secrets(tenant_id, actor=ACTOR, now=now)
    return [tenant_id for tenant_id, _ in again]
