"""manage.py takes the settings of the running run, and of no other."""

import fcntl
import tempfile
from contextlib import ExitStack
from pathlib import Path

from django.test import SimpleTestCase

from core.environment.runs import UnclearRunError, find_run


class RunsTests(SimpleTestCase):
    def setUp(self):
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.held = self.enterContext(ExitStack())

    def add_run(self, port: int, command: str = "make run", *, is_there: bool = True) -> Path:
        file = self.folder / f"{port}.env"
        file.write_text(f"# {command}\nDATABASE_URL=postgres://a@127.0.0.1/b{port}\n")
        if is_there:
            fcntl.flock(self.held.enter_context(file.open()), fcntl.LOCK_EX)
        return file

    def test_without_a_folder_there_is_no_run(self):
        self.assertIsNone(find_run(self.folder / "runs"))

    def test_a_killed_run_is_ignored(self):
        self.add_run(8000, is_there=False)
        self.assertIsNone(find_run(self.folder))
        there = self.add_run(8001, "make demo")
        self.assertEqual(find_run(self.folder), there)

    def test_of_several_runs_the_port_names_one(self):
        self.add_run(8000)
        demo = self.add_run(8001, "make demo")
        self.assertEqual(find_run(self.folder, port="8001"), demo)

    def test_several_runs_are_listed_if_no_port_selects_one(self):
        self.add_run(8000)
        self.add_run(8001, "make demo")
        with self.assertRaises(UnclearRunError) as raised:
            find_run(self.folder)
        said = "several runs are here: make run at port 8000, make demo at port 8001."
        self.assertIn(said, str(raised.exception))

    def test_a_named_run_that_has_ended_is_not_replaced_by_another(self):
        self.add_run(8000)
        with self.assertRaises(UnclearRunError) as raised:
            find_run(self.folder, port="8002")
        said = "no run is at port 8002; there is make run at port 8000"
        self.assertIn(said, str(raised.exception))
