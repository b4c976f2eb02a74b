"""The made-up shop with its visitors, for the screenshots of all pages but the live one."""

import subprocess
import sys
import time

from tests.patience import wait_until
from tests.service import ROOT, Service

VISITORS, MOVING_SECONDS = 12, 20
MAPPED = """
select exists (select from analytics_pagestatus) and not exists (
    select from analytics_dirtypage where since < now() - interval '1 day' and length_ms = 3600000
) and not exists (
    select from analytics_dirtyrange where rung < 0 and since < now() - interval '1 day'
)
"""


class Shop:
    """The made-up shop: two weeks of visits, and visitors who move until the end."""

    def __init__(self, service: Service) -> None:
        self.service = service
        past = self._simulate("--browsers", "0", "--history", "14", "--seed", "1")
        if past.wait():
            raise RuntimeError("the past visits could not be sent")
        # The job of heat comes once a minute.
        wait_until(lambda: service.sql(MAPPED) == [(True,)], seconds=300, what="the heat")
        self.visitors = self._simulate("--browsers", str(VISITORS), "--seed", "2")
        time.sleep(MOVING_SECONDS)

    def map_of(self, name: str) -> str:
        """Return the path of the map of a page, by its name."""
        ((page,),) = self.service.sql("select id from dashboard_page where name = %s", (name,))
        return f"/pages/{page}/"

    def close(self) -> None:
        self.visitors.terminate()
        self.visitors.wait()

    def _simulate(self, *words: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "manage.py", "simulate", "--url", self.service.url, *words]
        return subprocess.Popen(command, cwd=ROOT, env=self.service.environment)
