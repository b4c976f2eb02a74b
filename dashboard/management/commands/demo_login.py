"""`manage.py demo_login`: creates and deletes the login that `make demo` uses."""

import secrets
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from dashboard.access.logins import DEMO_NAME, end_demo_login, make_demo_login


class Command(BaseCommand):
    help = (
        f"Create the staff login {DEMO_NAME} with a new password and print both. The login sees "
        "what staff see, except the admin. Its previous password becomes void."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--end", action="store_true", help="delete the login instead")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["end"]:
            end_demo_login()
            return
        password = secrets.token_urlsafe(9)
        make_demo_login(password=password)
        self.stdout.write(f"{DEMO_NAME} {password}")
