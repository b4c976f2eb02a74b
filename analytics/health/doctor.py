"""What is wrong with this installation, and what to do: the checks of `manage.py doctor`."""

import platform
import shutil
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any, NamedTuple

import django
import redis
from celery import current_app
from django.conf import settings
from django.contrib.staticfiles import finders
from django.core import checks
from django.db import DatabaseError, connection, connections
from django.db.migrations.recorder import MigrationRecorder
from django.utils import timezone

from analytics.health.gauges import OUTBOX, age
from analytics.health.heartbeats import find_fault, is_alive, jobs_of_the_future, last_sweep_age
from analytics.health.readiness import LAG_LIMIT_SECONDS, known_migrations
from analytics.ingest import quotas
from analytics.reading import find_unguarded
from core.api.throttling import read_use
from core.storage.redis import client
from core.storage.replica import REPLICA
from core.values.durations import FIRST_RUNG_MS, format_duration

OK, WARN, FAIL = "ok", "warn", "fail"
OLDEST_POSTGRES = 14
OLDEST_TIMESCALE = (2, 11)
CLOCKS_APART_SECONDS = 2
LONGEST_QUEUE = 1000
QUEUE = "celery"
LONGEST_LAG_SECONDS = 30
DISK_WARN, DISK_FAIL = 0.10, 0.02
QUOTA_WARN = 0.8
SET_CLOCKS = "run NTP wherever Beat or a worker runs"
DURABILITY = ("fsync", "synchronous_commit", "full_page_writes")
# Each hypertable's key, without which retries are stored twice and drains add rows.
KEYS = {
    "analytics_pointerpositionevent": "browser_id, time, seq",
    "dashboard_pointerstatus": "browser_id, interval_ms, time",
    "dashboard_coarsestatus": "browser_id, interval_ms, time",
}
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
       clock_timestamp(), pg_size_pretty(pg_database_size(current_database()))
"""


# Where all that came is replayed there is no lag, however long ago the last transaction was.
LAG = """
select pg_is_in_recovery(), case when pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn() then 0
    else coalesce(extract(epoch from clock_timestamp() - pg_last_xact_replay_timestamp()), 0) end
"""


class Finding(NamedTuple):
    """One check: its level (`ok`, `warn`, `fail`), what it saw, and what to do about it."""

    check: str
    level: str
    said: str
    advice: str = ""


Check = Callable[[datetime], Iterator[Finding]]


def diagnose(*, now: datetime) -> Iterator[Finding]:
    """Yield what each check finds; one that cannot be made is a finding itself."""
    for name, check in CHECKS.items():
        try:
            yield from check(now)
        except DatabaseError as error:
            advice = "see that PostgreSQL runs, and that DATABASE_URL is right; migrate"
            yield Finding(name, FAIL, _first_line(error), advice)
        except redis.RedisError as error:
            advice = "see that Redis runs, and that REDIS_URL is right"
            yield Finding(name, FAIL, _first_line(error), advice)


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]


def _settings(now: datetime) -> Iterator[Finding]:
    if settings.DEBUG:
        advice = "DEBUG=false wherever others reach the service"
        yield Finding("settings", WARN, "debug pages are on", advice)
    if "*" in settings.ALLOWED_HOSTS:
        advice = "name the hosts in ALLOWED_HOSTS"
        yield Finding("settings", WARN, "any host name is taken", advice)
    faults = [m for m in checks.run_checks() if m.level >= checks.WARNING and not m.is_silenced()]
    for fault in faults:
        yield Finding("settings", FAIL, f"{fault.id}: {fault.msg}", str(fault.hint or ""))
    if not settings.HTTPS:
        advice = "HTTPS=true where people come by a domain; right as it is on this machine alone"
        yield Finding("settings", WARN, "cookies go over plain HTTP", advice)
    if not faults:
        yield Finding("settings", OK, "read, and Django's own checks pass")


def _versions(now: datetime) -> Iterator[Finding]:
    python, ours = platform.python_version_tuple(), django.get_version()
    is_old = tuple(map(int, python[:2])) < (3, 11)
    advice = "install Python 3.11 or newer"
    level = FAIL if is_old else OK
    yield Finding("python", level, platform.python_version(), advice if is_old else "")
    is_other = not ours.startswith("5.2.")
    advice = "pip install --require-hashes -r requirements.lock"
    yield Finding("django", WARN if is_other else OK, ours, advice if is_other else "")


def _server(now: datetime) -> Iterator[Finding]:
    with connection.cursor() as cursor:
        cursor.execute(SERVER)
        major, version, extension, licence, zone, clock, size = cursor.fetchone()
    is_old = major < OLDEST_POSTGRES
    advice = f"PostgreSQL {OLDEST_POSTGRES} or later" if is_old else ""
    yield Finding("postgresql", FAIL if is_old else OK, f"{version}, database of {size}", advice)
    yield from _extension(extension, licence)
    is_utc = zone in ("UTC", "Etc/UTC", "GMT")
    advice = "" if is_utc else "timezone = 'UTC' in postgresql.conf: psql and dumps then agree"
    yield Finding("time zone", OK if is_utc else WARN, f"the server's is {zone}", advice)
    apart = abs((clock - timezone.now()).total_seconds())
    are_apart = apart > CLOCKS_APART_SECONDS
    advice = "run NTP on both machines: samples are dated here, marks there" if are_apart else ""
    said = f"this machine's and the database's are {apart:.1f} s apart"
    yield Finding("clocks", FAIL if are_apart else OK, said, advice)


def _replica(now: datetime) -> Iterator[Finding]:
    if REPLICA not in connections.settings:
        return
    try:
        with connections[REPLICA].cursor() as cursor:
            cursor.execute(LAG)
            is_replica, lag = cursor.fetchone()
    except DatabaseError as error:
        advice = "see that it runs and that REPLICA_URL is right; the primary stands in meanwhile"
        yield Finding("replica", WARN, _first_line(error), advice)
        return
    if not is_replica:
        yield Finding("replica", WARN, "REPLICA_URL names no replica", "let it name a standby")
    elif lag > LONGEST_LAG_SECONDS:
        advice = "see its log, and pg_stat_replication on the primary: charts lack so much"
        yield Finding("replica", WARN, f"lags {lag:.0f} s behind", advice)
    else:
        yield Finding("replica", OK, f"lags {lag:.1f} s behind")


def _limits(now: datetime) -> Iterator[Finding]:
    """A pooler may have kept our session's limits from the server."""
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


def _extension(version: str | None, licence: str | None) -> Iterator[Finding]:
    if version is None:
        yield Finding("timescaledb", FAIL, "is not installed", "manage.py migrate creates it")
        return
    is_old = tuple(map(int, version.split(".")[:2])) < OLDEST_TIMESCALE
    advice = "alter extension timescaledb update" if is_old else ""
    yield Finding("timescaledb", WARN if is_old else OK, version, advice)
    can = "chunks are compressed" if licence == "timescale" else "all works, without compression"
    yield Finding("licence", OK, f"{licence}: {can}")


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
    missing = known_migrations() - set(MigrationRecorder(connection).applied_migrations())
    if missing:
        names = ", ".join(sorted(f"{app}.{name}" for app, name in missing)[:5])
        yield Finding("migrations", FAIL, f"{len(missing)} to apply: {names}", "manage.py migrate")
    else:
        yield Finding("migrations", OK, "all are applied")


def _indexes(now: datetime) -> Iterator[Finding]:
    """Every key is there and valid, and no index that each sample would pay for."""
    with connection.cursor() as cursor:
        cursor.execute(HYPERTABLES)
        hypertables = {name for (name,) in cursor.fetchall()}
        cursor.execute(INDEXES, [list(KEYS)])
        indexes = cursor.fetchall()
    for table, columns in KEYS.items():
        mine = [(primary, valid, found) for name, primary, valid, found in indexes if name == table]
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


def _redis(now: datetime) -> Iterator[Finding]:
    version = client().info("server")["redis_version"]
    yield Finding("redis", OK, str(version))
    try:
        policy = client().config_get("maxmemory-policy").get("maxmemory-policy")
    except redis.ResponseError:
        advice = "see at its provider that it is noeviction"
        yield Finding("eviction", WARN, "Redis does not tell its maxmemory-policy", advice)
        return
    is_right = policy == "noeviction"
    advice = "" if is_right else "config set maxmemory-policy noeviction, and in redis.conf"
    yield Finding("eviction", OK if is_right else FAIL, f"maxmemory-policy {policy}", advice)


def _queue(now: datetime) -> Iterator[Finding]:
    waiting = int(client().llen(QUEUE))
    is_long = waiting > LONGEST_QUEUE
    advice = "start more workers; see their log" if is_long else ""
    yield Finding("queue", WARN if is_long else OK, f"{waiting} tasks wait", advice)
    answers: list[Any] = current_app.control.ping(timeout=1)
    advice = "" if answers else "start one: celery -A core worker"
    yield Finding("workers", OK if answers else FAIL, f"{len(answers)} answer", advice)


def _beat(now: datetime) -> Iterator[Finding]:
    seconds = last_sweep_age(now=now)
    said = "no sweep has ever run" if seconds is None else f"last sweep {max(seconds, 0):.0f} s ago"
    if is_alive(seconds):
        yield Finding("beat", OK, said)
    else:
        advice = "start one Beat (celery -A core beat) and a worker"
        fault = find_fault(seconds, now=now)
        yield Finding("beat", FAIL, fault or said, f"{SET_CLOCKS}; {advice}" if fault else advice)
    if jobs := jobs_of_the_future(now=now):
        said = f"last runs are dated in the future: {', '.join(jobs)}"
        advice = f"the clock was set back: {SET_CLOCKS}; Beat runs each within its period"
        yield Finding("schedule", WARN, said, advice)


def _outbox(now: datetime) -> Iterator[Finding]:
    with connection.cursor() as cursor:
        cursor.execute(OUTBOX)
        waiting = cursor.fetchall()
    rows = sum(count for _, count, _ in waiting)
    lag = max((age(old, now=now) for rung, _, old in waiting if rung == FIRST_RUNG_MS), default=0.0)
    unknown = sorted({rung for rung, _, _ in waiting} - set(settings.RUNGS_MS))
    is_late = lag > LAG_LIMIT_SECONDS
    advice = "see the worker's log; add a worker (docs/operations.md)" if is_late else ""
    said = f"{rows} marks wait, the oldest sample's for {lag:.0f} s"
    yield Finding("outbox", FAIL if is_late else OK, said, advice)
    if unknown:
        advice = "manage.py backfill, or put the rung back into RUNGS"
        yield Finding("outbox", WARN, f"marks of rungs that RUNGS has not: {unknown} ms", advice)


def _quotas(now: datetime) -> Iterator[Finding]:
    """How near the whole service is to limits over which every sender is refused."""
    limits = quotas()
    for limit, used in zip(limits, read_use(limits), strict=True):
        if used is None:
            yield Finding("quotas", WARN, "no limit counts while Redis is away", "start Redis")
            return
        is_near = used > QUOTA_WARN * limit.most
        window = format_duration(limit.seconds * 1000)
        said = f"{limit.name}: {used:,} of {limit.most:,} in {window}"
        advice = "see who sends (docs/security.md), or raise the setting" if is_near else ""
        yield Finding("quotas", WARN if is_near else OK, said, advice)


def _analysts(now: datetime) -> Iterator[Finding]:
    """Whether a login for analysis can do more than read."""
    unguarded = find_unguarded()
    for login in unguarded:
        yield Finding("analysts", WARN, f"{login.name} {login.said}", login.advice)
    if not unguarded:
        yield Finding("analysts", OK, "no login does more than read")


def _charts(now: datetime) -> Iterator[Finding]:
    if finders.find("vendor/apexcharts.min.js"):
        yield Finding("charts", OK, "the local copy of the chart library is there")
    else:
        advice = "npm ci --omit=dev, where browsers cannot reach the CDN"
        yield Finding("charts", WARN, "no local copy of the chart library", advice)


def _disk(now: datetime) -> Iterator[Finding]:
    usage = shutil.disk_usage(settings.BASE_DIR)
    free = usage.free / usage.total
    level = FAIL if free < DISK_FAIL else WARN if free < DISK_WARN else OK
    said = f"{usage.free / 1e9:,.1f} GB free where Pointerscope lies ({free:.0%})"
    advice = "" if level == OK else "make room, or lower RAW_RETENTION_DAYS"
    yield Finding("disk", level, said, advice)


CHECKS: dict[str, Check] = {
    "settings": _settings,
    "versions": _versions,
    "postgresql": _server,
    "replica": _replica,
    "limits": _limits,
    "durability": _durability,
    "migrations": _migrations,
    "indexes": _indexes,
    "redis": _redis,
    "queue": _queue,
    "beat": _beat,
    "outbox": _outbox,
    "quotas": _quotas,
    "analysts": _analysts,
    "charts": _charts,
    "disk": _disk,
}
