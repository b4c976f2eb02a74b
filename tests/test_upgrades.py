"""A database from before the squash of the migrations upgrades without losing a row."""

import os
import secrets
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from tests.databases import ROOT, clone, run_sql

BEFORE = ROOT / "tests" / "upgrades" / "before_squash.sql"
# Django adds rows to these tables when later code has more models.
GROWING = {"auth_permission", "django_content_type", "django_migrations"}
OWN = ("analytics_", "dashboard_", "pointer_")
COLUMNS = """
select relname, array_agg(quote_ident(attname) || '::text' order by attnum)
from pg_class class join pg_attribute on attrelid = class.oid
where relkind = 'r' and relnamespace = 'public'::regnamespace and attnum > 0 and not attisdropped
group by relname
"""
# The visible properties of the schema; white space in functions is ignored.
SCHEMA = """
with own as (
    select oid, relname, relkind from pg_class
    where relnamespace = 'public'::regnamespace and relkind in ('r', 'v', 'S')
)
select 'column', relname::text, attname::text,
       (row_number() over (partition by attrelid order by attnum))::text,
       concat_ws(' ', format_type(atttypid, atttypmod), attnotnull, attidentity,
                 pg_get_expr(adbin, adrelid), col_description(attrelid, attnum))
from own join pg_attribute on attrelid = own.oid
left join pg_attrdef on adrelid = attrelid and adnum = attnum
where relkind <> 'S' and attnum > 0 and not attisdropped
union all
select 'relation', relname, relkind::text, obj_description(oid, 'pg_class'),
       case relkind when 'v' then pg_get_viewdef(oid) end from own
union all
select 'constraint', relname, conname, null, pg_get_constraintdef(c.oid)
from own join pg_constraint c on conrelid = own.oid
union all
select 'index', tablename, indexname, null, indexdef from pg_indexes where schemaname = 'public'
union all
select 'function', proname, null, null, regexp_replace(pg_get_functiondef(p.oid), '\\s+', ' ', 'g')
from pg_proc p where pronamespace = 'public'::regnamespace
    and not exists (select from pg_depend where classid = 'pg_proc'::regclass and objid = p.oid
                        and deptype = 'e')
union all
select 'hypertable', hypertable_name, column_name, null, time_interval::text
from timescaledb_information.dimensions
order by 1, 2, 3, 4, 5
"""


class Database:
    """A database of a single test."""

    def __init__(self) -> None:
        self.admin_url = os.environ["DATABASE_URL"]
        self.name = f"test_upgrades_{secrets.token_hex(4)}"
        self.url = urlsplit(self.admin_url)._replace(path=f"/{self.name}").geturl()

    def migrate(self, *words: str) -> None:
        command = [sys.executable, "manage.py", "migrate", "-v0", *words]
        subprocess.run(command, cwd=ROOT, env=os.environ | {"DATABASE_URL": self.url}, check=True)

    def columns(self) -> dict[str, list[str]]:
        """Return the columns of each table."""
        return dict(run_sql(self.url, COLUMNS))

    def rows(self, columns: dict[str, list[str]]) -> dict[str, Counter[tuple]]:
        """Return all rows of the tables, with these columns."""
        return {
            table: Counter(run_sql(self.url, f"select {', '.join(names)} from {table}"))
            for table, names in columns.items()
        }

    def schema(self) -> list[tuple]:
        return run_sql(self.url, SCHEMA)

    def drop(self) -> None:
        run_sql(self.admin_url, f"drop database {self.name} with (force)")


@pytest.fixture
def old() -> Iterator[Database]:
    """A database as the code before the squash left it."""
    database = Database()
    run_sql(database.admin_url, f"create database {database.name}")
    try:
        run_sql(database.url, BEFORE.read_text())
        yield database
    finally:
        database.drop()


@pytest.fixture
def fresh() -> Iterator[Database]:
    database = Database()
    clone(database.admin_url, database.name)
    try:
        yield database
    finally:
        database.drop()


def test_an_upgrade_keeps_every_row_and_ends_with_the_schema_of_a_new_database(
    old: Database, fresh: Database
) -> None:
    columns = old.columns()
    before = old.rows(columns)
    assert [table for table, rows in before.items() if not rows] == [], "each table has a row"
    old.migrate()
    after = old.rows(columns)
    assert {table: lost for table in before if (lost := before[table] - after[table])} == {}
    assert {table for table in before if after[table] - before[table]} <= GROWING
    assert old.schema() == fresh.schema()
    # No migration is left to apply, because the squashed ones count as applied.
    old.migrate("--check")


def test_every_migration_can_be_reversed_and_applied_again(fresh: Database) -> None:
    schema = fresh.schema()
    for app in ("analytics", "dashboard"):
        fresh.migrate(app, "zero")
    left = {(kind, name) for kind, name, *_ in fresh.schema() if name.startswith(OWN)}
    assert left == set()
    fresh.migrate()
    assert fresh.schema() == schema
