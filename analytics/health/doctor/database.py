"""The doctor's checks of the database: version, settings, migrations, keys and replica."""

from collections.abc import Iterator
from datetime import datetime

from django.conf import settings
from django.db import DatabaseError, connection, connections

from analytics.health.doctor.finding import FAIL, OK, WARN, Check, Finding, first_line
from analytics.health.facts import list_unapplied_migrations
from analytics.models import Rung
from analytics.reading import find_unguarded
from core.storage.replica import REPLICA
from core.values.durations import format_duration

OLDEST_POSTGRES = 14
OLDEST_TIMESCALE = (2, 11)
# It compresses the late samples of a compressed chunk (analytics/upkeep/compression.py).
COMPRESSES_AGAIN = (2, 14)
LONGEST_LAG_SECONDS = 30
DURABILITY = ("fsync", "synchronous_commit", "full_page_writes")
# Each hypertable's key. Without it, retries are stored twice and drains add rows.
KEYS = {
    "analytics_pointerpositionevent": "browser_id, time, seq",
    "analytics_pointerscene": "browser_id, time, seq",
    "analytics_pointermark": "browser_id, time, seq",
    "dashboard_pointerstatus": "browser_id, interval_ms, time",
    "dashboard_coarsestatus": "browser_id, interval_ms, time",
    "analytics_heatstatus": "browser_id, time, page_id, width_class, pointer",
    "analytics_pageheat": "page_id, time, width_class, pointer",
    "analytics_pagestatus": "page_id, time, width_class, pointer",
}
# Indexes that reads of pages need beside the key.
OTHERS = {"analytics_heatstatus": "page_id, time"}
HYPERTABLES = "select hypertable_name from timescaledb_information.hypertables"
INDEXES = """
select t.relname, i.indisprimary, i.indisvalid,
       (select string_agg(a.attname, ', ' order by k.place)
        from unnest(i.indkey) with ordinality k(number, place)
        join pg_attribute a on a.attrelid = t.oid and a.attnum = k.number)
from pg_index i join pg_class t on t.oid = i.indrelid
where t.relname = any(%s) and t.relnamespace = current_schema()::regnamespace
"""
SERVER = """
select current_setting('server_version_num')::int / 10000, current_setting('server_version'),
       (select extversion from pg_extension where extname = 'timescaledb'),
       current_setting('timescaledb.license', true),
       (select reset_val from pg_settings where name = 'TimeZone'),
       pg_size_pretty(pg_database_size(current_database()))
"""
# There is no lag once all received WAL is replayed, however old the last transaction is.
LAG = """
select pg_is_in_recovery(), case when pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn() then 0
    else coalesce(extract(epoch from clock_timestamp() - pg_last_xact_replay_timestamp()), 0) end
"""


def _server(now: datetime) -> Iterator[Finding]:
    with connection.cursor() as cursor:
        cursor.execute(SERVER)
        major, version, extension, licence, zone, size = cursor.fetchone()
    is_old = major < OLDEST_POSTGRES
    advice = f"PostgreSQL {OLDEST_POSTGRES} or later" if is_old else ""
    yield Finding("postgresql", FAIL if is_old else OK, f"{version}, database of {size}", advice)
    yield from _extension(extension, licence)
    is_utc = zone in ("UTC", "Etc/UTC", "GMT")
    advice = "" if is_utc else "timezone = 'UTC' in postgresql.conf: psql and dumps then agree"
    yield Finding("time zone", OK if is_utc else WARN, f"the server's is {zone}", advice)


def _extension(version: str | None, licence: str | None) -> Iterator[Finding]:
    if version is None:
        yield Finding("timescaledb", FAIL, "is not installed", "manage.py migrate creates it")
        return
    number = tuple(map(int, version.split(".")[:2]))
    is_old = number < OLDEST_TIMESCALE
    advice = "alter extension timescaledb update" if is_old else ""
    yield Finding("timescaledb", WARN if is_old else OK, version, advice)
    if licence != "timescale":
        yield Finding("licence", OK, f"{licence}: all works, without compression")
    elif number < COMPRESSES_AGAIN:
        advice = "TimescaleDB 2.14 or later compresses late samples too"
        yield Finding("licence", WARN, f"{licence}: chunks are compressed once", advice)
    else:
        yield Finding("licence", OK, f"{licence}: chunks are compressed")


def _replica(now: datetime) -> Iterator[Finding]:
    if REPLICA not in connections.settings:
        return
    try:
        with connections[REPLICA].cursor() as cursor:
            cursor.execute(LAG)
            is_replica, lag = cursor.fetchone()
    except DatabaseError as error:
        advice = "see that it runs and that REPLICA_URL is right; the primary answers meanwhile"
        yield Finding("replica", WARN, first_line(error), advice)
        return
    if not is_replica:
        yield Finding("replica", WARN, "REPLICA_URL names no replica", "let it name a standby")
    elif lag > LONGEST_LAG_SECONDS:
        advice = "see its log, and pg_stat_replication on the primary: charts lag as much"
        yield Finding("replica", WARN, f"lags {lag:.0f} s behind", advice)
    else:
        yield Finding("replica", OK, f"lags {lag:.1f} s behind")


def _limits(now: datetime) -> Iterator[Finding]:
    """A pooler may keep our session's limits from the server."""
    wanted = settings.SESSION_SETTINGS
    with connection.cursor() as cursor:
        cursor.execute("select name, current_setting(name) from unnest(%s) name", [list(wanted)])
        other = [f"{name} {value}" for name, value in cursor.fetchall() if value != wanted[name]]
    if other:
        role = connection.settings_dict["USER"]
        words = "; ".join(f"alter role {role} set {n} = '{v}'" for n, v in wanted.items())
        yield Finding("limits", WARN, f"the session has {', '.join(other)}", words)
    else:
        yield Finding("limits", OK, "of statements, locks and idle transactions are ours")


def _durability(now: datetime) -> Iterator[Finding]:
    with connection.cursor() as cursor:
        cursor.execute(
            "select name, setting from pg_settings where name = any(%s)", [[*DURABILITY]]
        )
        off = sorted(name for name, value in cursor.fetchall() if value == "off")
    if off:
        advice = "turn it on in postgresql.conf: acknowledged samples may be lost in a crash"
        yield Finding("durability", FAIL, f"off: {', '.join(off)}", advice)
    else:
        yield Finding("durability", OK, f"on: {', '.join(DURABILITY)}")


def _migrations(now: datetime) -> Iterator[Finding]:
    missing = list_unapplied_migrations()
    if missing:
        names = ", ".join(f"{app}.{name}" for app, name in missing[:5])
        yield Finding("migrations", FAIL, f"{len(missing)} to apply: {names}", "manage.py migrate")
    else:
        yield Finding("migrations", OK, "all are applied")


def _rungs(now: datetime) -> Iterator[Finding]:
    """The views follow the ladder that the database repeats from the setting."""
    stored = sorted(Rung.objects.values_list("interval_ms", flat=True))
    ladder = ", ".join(map(format_duration, stored)) or "none"
    if stored == sorted(settings.RUNGS_MS):
        yield Finding("rungs", OK, f"the views have those of RUNGS: {ladder}")
    else:
        advice = "manage.py backfill, after every process has the new RUNGS"
        yield Finding("rungs", WARN, f"the views still have {ladder}, not RUNGS", advice)


def _indexes(now: datetime) -> Iterator[Finding]:
    """Each key exists and is valid, and no further index slows down each insert."""
    with connection.cursor() as cursor:
        cursor.execute(HYPERTABLES)
        hypertables = {name for (name,) in cursor.fetchall()}
        cursor.execute(INDEXES, [list(KEYS)])
        indexes = cursor.fetchall()
    for table, columns in KEYS.items():
        mine = [
            (primary, valid, found)
            for name, primary, valid, found in indexes
            if name == table and found != OTHERS.get(name)
        ]
        if table not in hypertables:
            yield Finding("indexes", FAIL, f"{table} is no hypertable", "manage.py migrate")
        elif (True, True, columns) not in mine:
            advice = f"alter table {table} add primary key ({columns})"
            yield Finding("indexes", FAIL, f"{table} has no key on ({columns})", advice)
        elif len(mine) > 1:
            others = "; ".join(found for _, _, found in mine if found != columns)
            advice = "drop it unless your own queries need it: each sample pays for it"
            yield Finding("indexes", WARN, f"{table} has another index, on {others}", advice)
        else:
            yield Finding("indexes", OK, f"{table}: key on ({columns})")


def _analysts(now: datetime) -> Iterator[Finding]:
    """Find logins for analysis that can do more than read."""
    unguarded = find_unguarded()
    for login in unguarded:
        yield Finding("analysts", WARN, f"{login.name} {login.said}", login.advice)
    if not unguarded:
        yield Finding("analysts", OK, "no login does more than read")


CHECKS: dict[str, Check] = {
    "postgresql": _server,
    "replica": _replica,
    "limits": _limits,
    "durability": _durability,
    "migrations": _migrations,
    "rungs": _rungs,
    "indexes": _indexes,
    "analysts": _analysts,
}
