"""Erasing of an instance, with all that is stored of it in both apps."""

from uuid import UUID

from django.db import connection, transaction

from core.api.problems import NoSuchInstance
from dashboard.instances.browsers import get_browser
from dashboard.instances.tokens import WriteToken

# An erasure may delete more than the usual five seconds allow. A drain may hold the instance for
# fifteen.
SET_LIMITS = """
select set_config('statement_timeout', '60s', true), set_config('lock_timeout', '20s', true)
"""
# Locks: the instance's row alone. A running batch or drain shares that lock: it either ends first,
# or waits and then finds no instance. In both cases none of its rows reappears.
LOCK_BROWSER = "select from dashboard_browser where id = %s for update"


def erase(*, instance_id: UUID, token: WriteToken | None) -> None:
    """Delete the instance and all that is stored of it for good, from events to page visits.

    Its tokens become void. An ended token may still erase, so that visitors can erase their data
    for as long as it is stored. Errors as in get_browser; NoSuchInstance (404) also if another
    erasure came first.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        browser = get_browser(instance_id=instance_id, token=token, may_have_ended=True)
        cursor.execute(SET_LIMITS)
        cursor.execute(LOCK_BROWSER, [browser.pk])
        if not cursor.rowcount:
            raise NoSuchInstance
        browser.delete()
