"""`manage.py analyst`: a database login for a person who analyses the data in SQL."""

import re
from argparse import ArgumentParser, ArgumentTypeError
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError

from analytics.reading import find_unguarded
from analytics.reading.analysts import Analyst, admit, dismiss, group_name, limit_all, prepare

NAME = re.compile("[a-z][a-z0-9_]{0,62}")


class Command(BaseCommand):
    help = (
        "Create a database login that may only read the views for analysis (docs/analysis.md), and "
        "print its address with a new password, once. Repeated, the command gives the login "
        "another password."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "name", nargs="?", type=_name, metavar="NAME", help="the login, such as ann"
        )
        how = parser.add_mutually_exclusive_group()
        how.add_argument(
            "--sql",
            action="store_true",
            help="change nothing: print the SQL for a user who may create roles",
        )
        how.add_argument("--drop", action="store_true", help="delete the login")
        how.add_argument(
            "--limit-all",
            action="store_true",
            help="apply the limits of new logins to all logins; passwords stay",
        )
        parser.add_argument(
            "--timeout",
            type=_seconds,
            default=60,
            metavar="SECONDS",
            help="cancel its statements after this time (default: 60)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        name = options["name"]
        if bool(name) == options["limit_all"]:
            raise CommandError("name one login, or none with --limit-all")
        try:
            if options["limit_all"]:
                self._limit_all()
            elif options["drop"]:
                self._drop(name)
            else:
                self._admit(prepare(name=name, timeout_seconds=options["timeout"]), options["sql"])
        except DatabaseError as error:
            raise CommandError(_explain(error)) from error

    def _admit(self, analyst: Analyst, as_sql: bool) -> None:
        if as_sql:
            # All or nothing: psql continues after an error, and a role of that name may be
            # another's.
            self.stdout.write(f"begin;\n{analyst.script}commit;")
            self.stderr.write(f"After running it, the address is {analyst.url}")
            return
        admit(analyst)
        self._warn(analyst.name)
        self.stdout.write(f"{analyst.name} may read the views, as a member of {group_name()}.")
        self.stdout.write(
            f"The address with the password, which is shown only once:\n{analyst.url}"
        )

    def _limit_all(self) -> None:
        names = limit_all()
        self._warn(*names)
        self.stdout.write(f"limited: {', '.join(names) or 'there is no login'}")

    def _warn(self, *names: str) -> None:
        for login in find_unguarded():
            if login.name in names:
                self.stderr.write(f"warning: {login.name} {login.said}; {login.advice}")

    def _drop(self, name: str) -> None:
        if not dismiss(name=name):
            raise CommandError(f"There is no login {name} in {group_name()}.")
        self.stdout.write(f"{name} is gone.")


def _explain(error: DatabaseError) -> str:
    """Return PostgreSQL's message, and the remedy if there is one."""
    said = str(error).strip().splitlines()[0]
    if getattr(error.__cause__, "pgcode", None) == "42501":
        return (
            f"{said}. The service's database user may not manage roles. Name a user who may in "
            "DATABASE_OWNER_URL, or print the SQL with --sql and have it run in this database."
        )
    return said


def _name(text: str) -> str:
    if not NAME.fullmatch(text):
        raise ArgumentTypeError(
            "use up to 63 lower-case letters, digits and _, beginning with a letter"
        )
    return text


def _seconds(text: str) -> int:
    most = settings.ANALYST_MINUTES * 60
    if not text.isdecimal() or not 1 <= int(text) <= most:
        raise ArgumentTypeError(f"{text} is not a number of seconds from 1 to {most}")
    return int(text)
