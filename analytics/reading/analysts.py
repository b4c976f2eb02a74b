"""Logins that may only read the views for analysis (analytics/migrations/0004_views.py).

A group without a login holds the rights; logins created elsewhere can be made its members. Roles
belong to the whole cluster, so the group's name contains the database's. For the length of a
login's sessions see analytics/reading/analyst_sessions.py.
"""

import secrets
from typing import NamedTuple
from urllib.parse import quote

from django.db import DEFAULT_DB_ALIAS, connection, connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from psycopg2 import sql
from psycopg2.extensions import encrypt_password

VIEWS = (
    "pointer_events",
    "pointer_events_in_scenes",
    "pointer_scenes",
    "pointer_marks",
    "pointer_heat",
    "page_heat",
    "page_statuses_1h",
    "pointer_trials",
    "pointer_trial_paths",
    "pointer_statuses",
    "pointer_statuses_1s",
    "pointer_statuses_10s",
    "pointer_statuses_1m",
    "pointer_statuses_1h",
)
# The views call it with the rights of their reader.
FUNCTION = "analytics_fresh_statuses"

CONNECTIONS = 5

# A session may lift its own settings, and a role may change its own: these only guard against
# accidents. The grants, the revoked rights and the connection limit are what protects. `public` may
# create temporary tables by default, and before PostgreSQL 15 tables too. The service becomes a
# member of the login, because only members see and end another role's transactions. Locks: rows of
# the cluster's catalogue and the database's own row, until the transaction ends.
CLOSE = """\
revoke temporary on database {database} from public;
revoke create on schema public from public;
"""
LIMIT = """\
alter role {name} connection limit {connections};
grant {name} to {service};
"""
# Never changes a role outside the group, which might be the service's own. Repeated, it sets a new
# password. Locks: as above.
ADMIT = """\
do $admit$ begin
    if not exists (select from pg_roles where rolname = {group_text}) then
        create role {group} nologin;
    end if;
    if not exists (select from pg_roles where rolname = {name_text}) then
        create role {name};
        grant {group} to {name};
    elsif not exists (select from pg_auth_members
                      where roleid = quote_ident({group_text})::regrole and not admin_option
                        and member = quote_ident({name_text})::regrole) then
        raise duplicate_object using
            message = 'There is a role of that name already, and it is not in ' || {group_text};
    end if;
end $admit$;
grant usage on schema public to {group};
grant select on {views} to {group};
grant execute on function {function} to {group};
alter role {name} login password {verifier};
alter role {name} in database {database} set default_transaction_read_only = on;
alter role {name} in database {database} set statement_timeout = {timeout};
alter role {name} in database {database} set idle_in_transaction_session_timeout = '5min';
alter role {name} in database {database} set timezone = 'UTC';
alter role {name} in database {database} set jit = off;
"""

# The role that created the group administers it, and is a member only for that reason.
MEMBERS = """
select rolname from pg_auth_members join pg_roles on pg_roles.oid = member
where roleid = to_regrole(quote_ident(%(group)s)) and not admin_option order by rolname
"""
IS_ANALYST = """
select exists (select from pg_auth_members
    where roleid = to_regrole(quote_ident(%(group)s)) and not admin_option
      and member = to_regrole(quote_ident(%(name)s)))
"""


class Analyst(NamedTuple):
    """A login, with its password, which is known only once."""

    name: str
    url: str
    script: str


def group_name() -> str:
    """Return the name of the group that may read this database's views."""
    return f"{_database()}_readonly"


def prepare(*, name: str, timeout_seconds: int) -> Analyst:
    """Generate a password, and the SQL that admits the login, without running it.

    The SQL contains only the password's SCRAM verifier, so no statement log reveals the password.
    """
    connection.ensure_connection()
    raw, password = connection.connection, secrets.token_urlsafe(24)
    verifier = encrypt_password(password, name, scope=raw, algorithm="scram-sha-256")
    words = {
        "group": sql.Identifier(group_name()),
        "group_text": sql.Literal(group_name()),
        "name_text": sql.Literal(name),
        "views": sql.SQL(", ").join(map(sql.Identifier, VIEWS)),
        "function": sql.Identifier(FUNCTION),
        "verifier": sql.Literal(verifier),
        "timeout": sql.Literal(f"{timeout_seconds}s"),
        **_words(name),
    }
    script = sql.SQL(ADMIT + CLOSE + LIMIT).format(**words).as_string(raw)
    return Analyst(name, _url(name, password), script)


def admit(analyst: Analyst) -> None:
    """Create the login, or give an existing login of the group a new password.

    DatabaseError if neither the service's own user nor DATABASE_OWNER_URL's may create roles, or if
    the name belongs to another role; then nothing changes.
    """
    owner = _owner()
    with transaction.atomic(owner.alias), owner.cursor() as cursor:
        cursor.execute(analyst.script)


def limit_all() -> list[str]:
    """Apply the limits of new logins to each login of the group; return their names.

    Passwords stay. DatabaseError as in `admit`.
    """
    owner = _owner()
    with transaction.atomic(owner.alias), owner.cursor() as cursor:
        cursor.execute(MEMBERS, {"group": group_name()})
        names = [name for (name,) in cursor.fetchall()]
        for name in names:
            cursor.execute(sql.SQL(CLOSE + LIMIT).format(**_words(name)))
    return names


def dismiss(*, name: str) -> bool:
    """Drop a login of the group; False if it has no such login. DatabaseError as in `admit`."""
    owner = _owner()
    with transaction.atomic(owner.alias), owner.cursor() as cursor:
        cursor.execute(IS_ANALYST, {"group": group_name(), "name": name})
        if cursor.fetchone() != (True,):
            return False
        cursor.execute(sql.SQL("drop role {}").format(sql.Identifier(name)))
        return True


def _words(name: str) -> dict[str, sql.Composable]:
    connection.ensure_connection()
    return {
        "name": sql.Identifier(name),
        "service": sql.Identifier(connection.connection.info.user),
        "database": sql.Identifier(_database()),
        "connections": sql.Literal(CONNECTIONS),
    }


def _owner() -> BaseDatabaseWrapper:
    """Return the connection of a user who may create roles, by default the service's own."""
    return connections["owner" if "owner" in connections else DEFAULT_DB_ALIAS]


def _database() -> str:
    return connection.settings_dict["NAME"]


def _url(name: str, password: str) -> str:
    host, port = (str(connection.settings_dict[key] or "") for key in ("HOST", "PORT"))
    where = f"{host}:{port}" if port else host
    return f"postgresql://{name}:{password}@{where}/{quote(_database())}"
