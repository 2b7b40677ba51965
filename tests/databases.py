"""One database of a test process, emptied between tests: that takes 5 ms where a copy of the template takes 350."""

import psycopg
from psycopg import sql

Admin = psycopg.Connection[tuple[object, ...]]
_NAME = "test"
# Whatever a test changed but rows shows here: a table, a column, an index, a constraint, a partition, a function.
_SHAPE = """
SELECT
    (SELECT sum(hashtextextended(concat_ws(' ', c.oid, c.relname, c.relnatts, c.relchecks, c.relhastriggers), 0))
     FROM pg_class c WHERE c.relnamespace NOT IN ('pg_catalog'::regnamespace, 'pg_toast'::regnamespace)
       AND c.relpersistence <> 't'),
    (SELECT sum(hashtextextended(concat_ws(' ', a.attrelid, a.attname, a.attnotnull, a.atttypid, a.attisdropped), 0))
     FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
       AND c.relnamespace NOT IN ('pg_catalog'::regnamespace, 'pg_toast'::regnamespace)),
    (SELECT count(*) FROM pg_constraint), (SELECT count(*) FROM pg_trigger), (SELECT count(*) FROM pg_proc)
"""
_TABLES = """
SELECT quote_ident(schemaname) || '.' || quote_ident(tablename) FROM pg_tables
WHERE schemaname NOT IN ('pg_catalog', 'information_schema')
"""
# Rows that are gone leave their pages; past this, a copy is quicker than reading over them.
_MOST_BYTES = 64 * 1024 * 1024
_END_OTHERS = """
SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = %s AND pid <> pg_backend_pid()
"""


class ReusedDatabase:
    """``url`` is SQLAlchemy's address. ``server`` has the migrated template under the name ``hub``."""

    _admin: Admin

    def __init__(self, server: str) -> None:
        self._server = server.replace("+psycopg", "").rsplit("/", 1)[0]
        self.url = f"{server.rsplit('/', 1)[0]}/{_NAME}"
        self._copy()

    def clean(self) -> None:
        """Nobody is connected and no row is left. A test that changed more than rows leaves a new copy to the next."""
        try:
            is_same = self._emptied(self._admin)
        except psycopg.OperationalError:  # the test ended every connection, this one too
            self._admin = self._connect(_NAME)
            is_same = self._emptied(self._admin)
        if not is_same:
            self.renew()

    def _emptied(self, admin: Admin) -> bool:
        admin.execute(_END_OTHERS, (_NAME,))
        is_same = self._shape_of(admin) == self._shape and not self._is_large(admin)
        if is_same:
            self._empty(admin)
        return is_same

    def _empty(self, admin: Admin) -> None:
        with admin.transaction():
            # Without foreign keys and triggers: the order does not matter.
            admin.execute("SET LOCAL session_replication_role = replica")
            for name in self._filled(admin, self._tables):
                admin.execute(f"DELETE FROM {name}".encode())

    def renew(self) -> None:
        """A copy of the template: for a test that looks at how a query is planned, too."""
        self.close()
        self._copy()

    def close(self) -> None:
        self._admin.close()

    def _copy(self) -> None:
        named = sql.Identifier(_NAME)
        with self._connect("postgres") as admin:
            admin.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(named))
            # Copied as files: with nothing flushed that takes a sixth of writing it to the log.
            admin.execute(sql.SQL("CREATE DATABASE {} TEMPLATE hub STRATEGY FILE_COPY").format(named))
        # Kept open: a new one would first read the descriptions of all tables, three times what emptying them takes.
        self._admin = self._connect(_NAME)
        self._shape = self._shape_of(self._admin)
        tables = [str(row[0]) for row in self._admin.execute(_TABLES).fetchall()]
        kept = self._filled(self._admin, tables)  # what migrations wrote, their own versions above all
        self._tables = [name for name in tables if name not in kept]

    def _connect(self, name: str) -> Admin:
        return psycopg.connect(f"{self._server}/{name}", autocommit=True)

    @staticmethod
    def _is_large(admin: Admin) -> bool:
        row = admin.execute("SELECT pg_database_size(current_database()) > %s", (_MOST_BYTES,)).fetchone()
        return row is not None and bool(row[0])

    @staticmethod
    def _filled(admin: Admin, tables: list[str]) -> list[str]:
        asked = " UNION ALL ".join(f"SELECT '{name}' WHERE EXISTS (SELECT FROM {name})" for name in tables)
        return [str(row[0]) for row in admin.execute(asked.encode()).fetchall()]

    @staticmethod
    def _shape_of(admin: Admin) -> tuple[object, ...] | None:
        return admin.execute(_SHAPE).fetchone()
