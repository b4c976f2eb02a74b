"""Generated pointers beside a test: `manage.py simulate` as a process."""

import subprocess
import sys

from tests.patience import wait_until
from tests.service import ROOT, Service


class Simulation:
    """A `manage.py simulate` that runs beside the test."""

    def __init__(self, service: Service, *arguments: str) -> None:
        ((self.before,),) = service.sql("select coalesce(max(id), 0) from dashboard_browser")
        self.service = service
        self.running = subprocess.Popen(
            [sys.executable, "manage.py", "simulate", "--url", service.url, *arguments],
            cwd=ROOT,
            env=service.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def end(self) -> str:
        self.out, self.err = self.running.communicate(timeout=120)
        return self.out

    def await_movement(self) -> int:
        """Wait until more is stored than now, and return how much."""
        before = self.stored()
        wait_until(lambda: self.stored() > before, seconds=60, what="the pointers move")
        return self.stored()

    def browsers(self) -> list[tuple[int, bool]]:
        return self.service.sql(
            "select id, is_active from dashboard_browser where id > %s order by id", (self.before,)
        )

    def stored(self) -> int:
        ((count,),) = self.service.sql(
            "select count(*) from analytics_pointerpositionevent where browser_id > %s",
            (self.before,),
        )
        return count
