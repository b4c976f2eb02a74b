"""Forces an order on the statements of two database sessions."""

import threading
import time
from collections.abc import Callable
from typing import Any

from django.db import connection, connections
from django.db.backends.base.base import BaseDatabaseWrapper

PATIENCE_SECONDS = 10

WAITING = """
select count(*) from pg_stat_activity
where datname = current_database() and wait_event_type = 'Lock' and position(%s in query) > 0
"""


class Session(threading.Thread):
    """Work in a thread with its own database session, held before or after a statement.

    The statement is given by its text, or by its number: `at=1` holds before the first. The work
    and the database are real; only the pace is controlled. `finish` raises an error of the work
    again. With `on`, a database session of `kept_session` does the work, one thread at a time.
    """

    def __init__(
        self,
        work: Callable[[], Any],
        *,
        before: str | None = None,
        after: str | None = None,
        at: int | None = None,
        on: BaseDatabaseWrapper | None = None,
    ) -> None:
        super().__init__(daemon=True)
        self.work, self.before, self.after, self.at = work, before, after, at
        self.on = on
        self.statements, self.is_holding = 0, False
        self.held, self.go_on = threading.Event(), threading.Event()
        self.error: BaseException | None = None
        self.start()

    def run(self) -> None:
        if self.on:
            connections["default"] = self.on
        try:
            with connection.execute_wrapper(self._execute):
                self.work()
        except BaseException as error:
            self.error = error
        finally:
            if not self.on:
                connection.close()
            self.held.set()

    def until_held(self) -> "Session":
        """Wait until the thread has reached its statement."""
        if not self.held.wait(PATIENCE_SECONDS) or self.error:
            raise AssertionError("the session never came to its statement") from self.error
        return self

    def until_ended_or_waiting(self) -> "Session":
        """Wait until the work has ended or waits for another session's lock."""
        _poll(
            lambda: not self.is_alive() or _count_waiting() > 0,
            "the session neither ends nor waits",
        )
        return self

    def finish(self) -> None:
        """Let it continue, and wait for its end."""
        self.go_on.set()
        self.join(PATIENCE_SECONDS)
        if self.error:
            raise self.error
        if self.is_alive():
            raise AssertionError("the session did not end")

    def _execute(self, execute: Callable, sql: str, params: Any, many: bool, context: dict) -> Any:
        self.statements += 1
        if sql == self.before or self.statements == self.at:
            self._hold()
        result = execute(sql, params, many, context)
        if sql == self.after:
            self._hold()
        return result

    def _hold(self) -> None:
        self.before = self.after = self.at = None
        self.is_holding = True
        self.held.set()
        if not self.go_on.wait(PATIENCE_SECONDS):
            raise AssertionError("nobody let the session go on")


def kept_session() -> BaseDatabaseWrapper:
    """Return a session for many works in turn; close it before the test ends.

    A new session takes longer to connect and to plan its first statements than for the work.
    """
    session = connections.create_connection("default")
    session.inc_thread_sharing()
    return session


def until_sessions_wait(count: int, *, of: str = "") -> None:
    """Wait until `count` sessions of this database wait for a lock, in a statement with a text."""
    _poll(lambda: _count_waiting(of) == count, f"never {count} sessions waiting for a lock")


def _count_waiting(of: str = "") -> int:
    with connection.cursor() as cursor:
        # Within a transaction the view would keep its first result.
        cursor.execute("select pg_stat_clear_snapshot()")
        cursor.execute(WAITING, [of])
        ((count,),) = cursor.fetchall()
    return count


def _poll(condition: Callable[[], bool], fault: str) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        if condition():
            return
        time.sleep(0.01)
    raise AssertionError(fault)
