"""manage.py beside runs: it uses the only run, and lists several."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.checkout import Checkout

SHOW = "from django.conf import settings; print(settings.DATABASES['default']['NAME'])"


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return Checkout(tmp_path)


@contextmanager
def run(checkout: Checkout, port: int, database: str) -> Iterator[None]:
    """Leave the files of a run within the block."""
    folder = checkout.folder / "var" / "runs"
    folder.mkdir(parents=True, exist_ok=True)
    lines = (
        "# make run",
        f"SECRET_KEY={'k' * 40}",
        f"DATABASE_URL=postgres://nobody@127.0.0.1:1/{database}",
        "REDIS_URL=redis://127.0.0.1:1/0",
        f"SERVICE_URL=http://127.0.0.1:{port}",
    )
    with (folder / f"{port}.env").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.write("\n".join(lines))
        file.flush()
        yield


def database_of(checkout: Checkout, **env: str) -> tuple[str, str]:
    """Return the database that a command uses, or the one line with which it ends."""
    done = checkout.manage("shell", "--no-imports", "-c", SHOW, **env)
    assert "Traceback" not in done.stderr, done.stderr
    assert (done.returncode == 0) == (done.stderr == ""), done.stderr
    return done.stdout.strip(), done.stderr.strip()


def test_without_a_run_one_line_says_that_there_is_none(checkout: Checkout) -> None:
    with run(checkout, 8000, "ended"):
        pass
    _, fault = database_of(checkout)
    assert len(fault.splitlines()) == 1
    assert "SECRET_KEY" in fault
    assert "no `make run` of this checkout can supply them" in fault


def test_the_only_run_is_found_where_an_earlier_one_was_killed(checkout: Checkout) -> None:
    with run(checkout, 8000, "killed"):
        pass
    with run(checkout, 8001, "here"):
        assert database_of(checkout) == ("here", "")


def test_beside_two_runs_a_command_works_on_the_one_at_its_port_or_on_none(
    checkout: Checkout,
) -> None:
    with run(checkout, 8000, "one"), run(checkout, 8001, "other"):
        assert database_of(checkout, PORT="8001") == ("other", "")
        nothing, fault = database_of(checkout)
    assert nothing == ""
    assert "several runs are here: make run at port 8000, make run at port 8001" in fault


def test_a_setting_wins_over_a_run_and_an_empty_line_is_not_a_setting(checkout: Checkout) -> None:
    (checkout.folder / ".env").write_text("SECRET_KEY=\nDATABASE_URL=postgres://127.0.0.1/mine\n")
    with run(checkout, 8000, "here"):
        assert database_of(checkout) == ("mine", "")
        assert database_of(checkout, DATABASE_URL="postgres://127.0.0.1/set") == ("set", "")
