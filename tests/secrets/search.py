"""Everything the hub wrote, kept or said, as bytes by place; and what is found in it."""

import re
from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql
from redis import Redis

from tests.secrets.hub import Hub

_COLUMNS = """
SELECT table_schema, table_name, column_name, data_type FROM information_schema.columns
WHERE table_schema NOT IN ('pg_catalog', 'information_schema') ORDER BY 1, 2, 3
"""
_CHUNK_ROWS = 1_000
# A traceback is drawn in a box, which breaks long values.
_WRAPPING = re.compile(rb"\s|\xe2\x94\x82")


def evidence(hub: Hub) -> dict[str, bytes]:
    """Place to contents, of a hub that runs; ``files`` adds the rest once it has stopped."""
    with hub.database() as connection:
        found = dict(tables(connection))
    found |= {f"log {name}": content for name, content in hub.logs().items()}
    found["HTTP answers"] = b"\n".join(hub.answers)
    said = found["commands' output"] = b"\n".join(hub.said)
    found["commands' output, its lines joined"] = _WRAPPING.sub(b"", said)
    found["Redis commands"] = b"\n".join(hub.rung)
    found["Redis keys and values"] = b"\n".join(_redis(hub.runtime()["redis_url"]))
    found["runtime.json"] = (hub.folder / "runtime.json").read_bytes()
    return found


def files(folder: Path, *, but: Iterable[str]) -> dict[str, bytes]:
    """Every file of the data directory, PostgreSQL's own included, but those named."""
    paths = [path for path in sorted(folder.rglob("*")) if path.is_file() and path.name not in but]
    return {f"file {path.relative_to(folder)}": path.read_bytes() for path in paths}


def places_of(forms: Iterable[bytes], places: dict[str, bytes]) -> list[str]:
    """Where any form stands in clear, whatever its case."""
    lowered = {form.lower() for form in forms}
    return [place for place, content in places.items() if _holds(content.lower(), lowered)]


def _holds(content: bytes, forms: set[bytes]) -> bool:
    return any(form in content for form in forms)


def tables(connection: psycopg.Connection[Any]) -> Iterator[tuple[str, bytes]]:
    """Every column of every table: bytea as its raw bytes, anything else as text."""
    known = connection.execute(_COLUMNS).fetchall()
    for (schema, table), found in groupby(known, key=lambda one: one[:2]):
        columns = {column: sql.SQL("{}" if kind == "bytea" else "{}::text") for _, _, column, kind in found}
        named = [cast.format(sql.Identifier(column)) for column, cast in columns.items()]
        query = sql.SQL("SELECT {} FROM {}").format(sql.SQL(", ").join(named), sql.Identifier(schema, table))
        rows = connection.execute(query).fetchall()
        for at, column in enumerate(columns):
            values = [row[at] for row in rows if row[at] is not None]
            said = b"\n".join(one if isinstance(one, bytes) else one.encode() for one in values)
            yield f"table {table}.{column}", said


def _redis(url: str) -> Iterator[bytes]:
    with Redis.from_url(url) as redis:
        for key in redis.scan_iter(count=_CHUNK_ROWS):
            yield key
            yield redis.dump(key) or b""
            yield repr(_value(redis, key)).encode()


def _value(redis: Any, key: bytes) -> object:
    """``dump`` may compress; this is the value itself."""
    readers = {
        b"string": redis.get,
        b"hash": redis.hgetall,
        b"set": redis.smembers,
        b"list": lambda name: redis.lrange(name, 0, -1),
        b"zset": lambda name: redis.zrange(name, 0, -1),
    }
    return readers[redis.type(key)](key)
