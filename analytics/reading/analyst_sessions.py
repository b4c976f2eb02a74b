"""Ends long sessions of analysts, and finds what their logins can still do to others.

A session may lift every time limit of its role, so the service ends those that take too long.
"""

import logging
from datetime import datetime, timedelta
from typing import NamedTuple

from django.conf import settings
from django.db import connection

from analytics.reading.analysts import CONNECTIONS, group_name

logger = logging.getLogger(__name__)

# In all databases of the cluster, because they share connections and the table of locks. The
# service can end only roles that it is a member of, and never superusers. An advisory lock outlives
# its transaction, and analyses do not need one. Locks: none. Snapshot: activity is read at its
# current state.
END = """
with too_long as materialized (
    select pid, usename from pg_stat_activity
    join pg_auth_members on member = usesysid
    join pg_roles on pg_roles.oid = usesysid
    where roleid = to_regrole(quote_ident(%(group)s)) and not admin_option
        and not rolsuper and usename <> current_user and pg_has_role(usesysid, 'usage')
        and (xact_start < %(before)s
             or pid in (select pid from pg_locks where locktype = 'advisory'))
)
select usename, pid from too_long where pg_terminate_backend(pid)
"""

UNGUARDED = """
select rolname,
    has_database_privilege(member, current_database(), 'temporary'),
    has_function_privilege(member, 'pg_catalog.lo_create(oid)', 'execute'),
    rolconnlimit not between 0 and %(connections)s,
    not pg_has_role(member, 'usage')
from pg_auth_members join pg_roles on pg_roles.oid = member
where roleid = to_regrole(quote_ident(%(group)s)) and not admin_option order by rolname
"""
RERUN = "manage.py analyst --limit-all"
AS_SUPERUSER = "run deploy/role.sql as a superuser (docs/deploy.md)"
# In the order of the columns: what a login can do, and the remedy.
OPEN = (
    ("makes temporary tables", RERUN),
    ("makes large objects", AS_SUPERUSER),
    (f"takes more than {CONNECTIONS} connections", RERUN),
    ("has transactions that the service cannot end", RERUN),
)


class Unguarded(NamedTuple):
    """Something that a login should not be able to do, and the remedy."""

    name: str
    said: str
    advice: str


def end_long_sessions(*, now: datetime) -> int:
    """End analysts' sessions whose transaction began ANALYST_MINUTES ago, or that hold a lock.

    Returns the number of ended sessions.
    """
    before = now - timedelta(minutes=settings.ANALYST_MINUTES)
    with connection.cursor() as cursor:
        cursor.execute(END, {"group": group_name(), "before": before})
        ended = cursor.fetchall()
    for name, pid in ended:
        logger.warning("a session of the analyst %s was ended (pid %s)", name, pid)
    return len(ended)


def find_unguarded() -> list[Unguarded]:
    """Return what the group's logins can still do to others."""
    with connection.cursor() as cursor:
        cursor.execute(UNGUARDED, {"group": group_name(), "connections": CONNECTIONS})
        return [
            Unguarded(name, said, advice)
            for name, *are_open in cursor.fetchall()
            for is_open, (said, advice) in zip(are_open, OPEN, strict=True)
            if is_open
        ]
