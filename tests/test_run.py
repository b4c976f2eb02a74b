"""scripts/run: everything in one foreground command that ends cleanly."""

import os
import pty
import re
import select
import signal
import socket
import stat
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests

from tests.checkout import Checkout, descendants, is_running
from tests.databases import run_sql
from tests.patience import wait_until

pytestmark = pytest.mark.slow

RIGHTS = "select rolname, rolsuper, rolcreaterole from pg_roles where rolname = current_user"

LOGINS = """
from django.contrib.auth import get_user_model
print(*get_user_model().objects.values_list("username", flat=True))
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Iterator[Checkout]:
    checkout = Checkout(tmp_path)
    yield checkout
    checkout.services("down")
    if checkout.demo_state.exists():
        checkout.services("down", POINTERSCOPE_STATE=str(checkout.demo_state))


@pytest.fixture
def port() -> str:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return str(probe.getsockname()[1])


def next_free(port: str | int) -> int:
    """Return the first port after this one that nobody listens to."""
    for number in range(int(port) + 1, 65536):
        with suppress(OSError), socket.create_server(("127.0.0.1", number)):
            return number
    raise AssertionError("no port is free")


def start(checkout: Checkout, port: str, *words: str) -> tuple[subprocess.Popen[str], set[int]]:
    """Start it, wait until its page answers, and return it with the pids of its processes."""
    running = checkout.start("run", *words, PORT=port)
    wait_until(lambda: "is ready:" in checkout.output or running.poll() is not None, 120)
    if "Choose one:" in checkout.output:
        pytest.skip("no server programs here: neither the host's nor a Debian root")
    assert f"Pointerscope is ready: http://127.0.0.1:{port}/" in checkout.output, checkout.output
    log = checkout.demo_state / "worker.log" if words else checkout.folder / "out"
    wait_until(lambda: "celery@" in log.read_text(), 60)
    return running, {*descendants(running.pid), *checkout.server_pids()}


def assert_import_finds_it(checkout: Checkout, port: str) -> None:
    recording = checkout.folder / "recording.csv"
    recording.write_text("t,x,y\n0,1,2\n8,31,2\n16,51,2\n")
    done = checkout.manage("import", str(recording))
    assert "recording.csv: 3 samples stored" in done.stdout, done.stderr
    assert f"http://127.0.0.1:{port}/browsers/" in done.stdout


def assert_ended(checkout: Checkout, pids: set[int]) -> None:
    wait_until(lambda: not any(map(is_running, pids)), 12)
    assert not checkout.server_pids()
    assert "Traceback" not in checkout.output


def test_a_signal_ends_everything_it_started_and_nothing_else(
    checkout: Checkout, port: str
) -> None:
    running, pids = start(checkout, port)
    assert urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz").status == 200
    assert_import_finds_it(checkout, port)
    refused = checkout.services("down")
    assert f"are in use by make run at port {port}; end that first" in refused.stderr
    neighbour = subprocess.Popen(["sleep", "60"])
    running.terminate()
    assert running.wait(12) == 0
    assert_ended(checkout, pids)
    assert neighbour.poll() is None
    neighbour.kill()
    neighbour.wait()


def test_the_service_runs_with_an_ordinary_role_and_analysts_are_made_beside_it(
    checkout: Checkout, port: str
) -> None:
    _, pids = start(checkout, port)
    env = checkout.run_env(port)
    assert run_sql(env["DATABASE_URL"], RIGHTS) == [("pointerscope", False, False)]
    assert run_sql(env["DATABASE_OWNER_URL"], RIGHTS) == [("postgres", True, True)]
    web = next(
        pid for pid in pids if b"core.web.server" in Path(f"/proc/{pid}/cmdline").read_bytes()
    )
    password = urlsplit(env["DATABASE_OWNER_URL"]).password
    assert password.encode() not in Path(f"/proc/{web}/environ").read_bytes()
    told = checkout.manage("analyst", "ann")
    assert told.returncode == 0, told.stderr
    url = told.stdout.split()[-1]
    assert run_sql(url, "select count(*) from pointer_events") == [(0,)]
    assert checkout.manage("analyst", "--drop", "ann").returncode == 0
    if os.geteuid() == 0:
        assert "warning: web, live, worker and Beat run as root" in checkout.output


def test_ctrl_c_typed_at_a_terminal_ends_it_cleanly(checkout: Checkout, port: str) -> None:
    pid, terminal = pty.fork()
    if pid == 0:
        os.execve(
            checkout.command("run")[0], checkout.command("run"), checkout.env | {"PORT": port}
        )
    seen = read_until(terminal, "celery@")
    if "Choose one:" not in seen:
        os.write(terminal, b"\x03")
        seen += read_until(terminal, "run: ended")
        assert seen.count("Warm shutdown") == 1
        assert "Traceback" not in seen
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    assert not checkout.server_pids()


def read_until(terminal: int, word: str, seconds: float = 120) -> str:
    seen = ""
    deadline = time.monotonic() + seconds
    while word not in seen:
        left = max(0, deadline - time.monotonic())
        assert select.select([terminal], [], [], left)[0], f"no {word!r} in {seconds} s:\n{seen}"
        try:
            seen += os.read(terminal, 4096).decode(errors="replace")
        except OSError:
            return seen
    return seen


def test_a_process_that_dies_ends_everything_with_a_clear_line(
    checkout: Checkout, port: str
) -> None:
    running, pids = start(checkout, port)
    beat = next(pid for pid in pids if b"beat" in Path(f"/proc/{pid}/cmdline").read_bytes())
    os.kill(beat, signal.SIGKILL)
    assert running.wait(12) == 1
    assert "run: beat ended unexpectedly (exit code -9), so everything was ended" in checkout.output
    assert_ended(checkout, pids)


CHOSEN = """
import sys
sys.path.insert(0, "scripts")
import demo
from service_sources.given import given_urls
demo.choose_services()
print(given_urls())
"""
SHOWN = """
from django.conf import settings
from dashboard.models import Browser
print(*(settings.DATABASES[alias]["NAME"] for alias in ("default", "owner")))
print(Browser.objects.count())
"""


def test_a_run_switches_to_a_restored_database_as_documented(checkout: Checkout, port: str) -> None:
    running, _ = start(checkout, port)
    assert requests.post(f"http://127.0.0.1:{port}/api/v1/browsers/", timeout=10).ok
    dump = str(checkout.folder / "pointers.dump")
    assert checkout.services("backup", dump).returncode == 0
    done = checkout.services("restore", dump, "pointers_restored")
    assert done.returncode == 0, done.stderr
    new = dict(line.split("=", 1) for line in done.stdout.splitlines())
    verified = checkout.manage("verify_rollups", **new)
    assert verified.returncode == 0, verified.stderr
    running.terminate()
    assert running.wait(20) == 0
    assert not checkout.server_pids()
    (checkout.folder / ".env").write_text(done.stdout)
    (checkout.folder / "out").unlink()
    running, pids = start(checkout, port)
    shown = checkout.manage("shell", "--no-imports", "-c", SHOWN)
    assert shown.stdout.split() == ["pointers_restored", "pointers_restored", "1"], shown.stderr
    # The demo generates no data there.
    words = [sys.executable, "-c", CHOSEN]
    chosen = subprocess.check_output(words, cwd=checkout.folder, env=checkout.env, text=True)
    assert chosen.strip() == "{}"
    running.terminate()
    assert running.wait(20) == 0
    assert_ended(checkout, pids)


def test_dotenv_applies_to_every_process(checkout: Checkout, port: str) -> None:
    """LOG_LEVEL in all of them, including web's supervisor; WEB_WORKERS; and a misspelt name."""
    settings = "LOG_LEVEL=WARNING\nWEB_WORKERS=2\nLOGIN_ATEMPTS=3\n"
    (checkout.folder / ".env").write_text(settings)
    running = checkout.start("run", PORT=port)
    wait_until(lambda: "is ready:" in checkout.output or running.poll() is not None, 120)
    if "Choose one:" in checkout.output:
        pytest.skip("no server programs here: neither the host's nor a Debian root")
    ready = f"http://127.0.0.1:{port}/readyz"
    wait_until(lambda: requests.get(ready, timeout=5).status_code == 200, 60)
    running.terminate()
    assert running.wait(20) == 0
    assert "INFO" not in checkout.output
    said = "LOGIN_ATEMPTS in .env is not a setting and has no effect; did you mean LOGIN_ATTEMPTS?"
    told = re.findall(
        rf"^(\w+) +\| .* WARNING core.settings: {re.escape(said)}$", checkout.output, re.M
    )
    assert sorted(told) == ["beat", "live", "web", "web", "worker"]


@pytest.mark.skipif(not Path("/usr/bin/setpriv").exists(), reason="only Linux can do this")
def test_a_killed_run_leaves_no_process_of_the_service(checkout: Checkout, port: str) -> None:
    running, pids = start(checkout, port)
    processes = pids - set(checkout.server_pids())
    running.kill()
    running.wait()
    wait_until(lambda: not any(map(is_running, processes)), 20)


def test_a_port_that_is_taken_is_one_clear_line(checkout: Checkout, port: str) -> None:
    with socket.create_server(("127.0.0.1", int(port))):
        done = checkout.run(PORT=port)
    advice = f"Port {port} is taken; choose another: make run PORT={next_free(port)}"
    assert done.stderr == f"run: {advice}\n"
    assert done.returncode == 1


def test_beside_two_ports_that_are_taken_the_advice_is_a_third(
    checkout: Checkout, port: str
) -> None:
    second = next_free(port)
    with (
        socket.create_server(("127.0.0.1", int(port))),
        socket.create_server(("127.0.0.1", second)),
    ):
        done = checkout.run("demo", PORT=port)
    advice = f"Port {port} is taken; choose another: make demo PORT={next_free(second)}"
    assert done.stderr == f"run: {advice}\n"


def test_an_invalid_port_is_one_clear_line(checkout: Checkout) -> None:
    done = checkout.run(PORT="eight")
    assert done.stderr == "run: PORT is 'eight', which is no port number\n"
    assert done.returncode == 1


def test_an_unknown_argument_is_one_clear_line(checkout: Checkout) -> None:
    done = checkout.run("demonstrate")
    assert done.stderr == "run: demonstrate: the only argument is `demo`\n"
    assert done.returncode == 1


def test_the_demo_refuses_a_database_on_another_machine(checkout: Checkout) -> None:
    done = checkout.run("demo", DATABASE_URL="postgres://db.example.org/pointers")
    assert done.stderr.startswith("run: the demo makes a staff login and invents data")
    assert done.returncode == 1


def test_the_demo_shows_moving_pointers_to_its_login(checkout: Checkout, port: str) -> None:
    running, pids = start(checkout, port, "demo")
    page = f"http://127.0.0.1:{port}/browsers/"
    assert f"20 generated pointers: http://127.0.0.1:{port}/overview/" in checkout.output
    name, password = re.search(r"Log in as (\S+) with the password (\S+)", checkout.output).groups()
    assert "demo" in checkout.manage("shell", "--no-imports", "-c", LOGINS).stdout
    staff = log_in(f"http://127.0.0.1:{port}", name, password)
    assert "/admin/" not in staff.get(page, timeout=10).text
    wait_until(lambda: len(moving(staff, page)) >= 15, 30)
    assert checkout.output.rstrip().splitlines()[-1].startswith(f"Log in as {name} with")
    running.terminate()
    assert running.wait(20) == 0
    assert "20 pointers logged on, 20 off" in (checkout.demo_state / "pointers.log").read_text()
    assert_ended(checkout, pids)


LOG_LINES = """
import sys
from pathlib import Path
sys.path.insert(0, "scripts")
from demo import LogFile
log = LogFile(Path(sys.argv[1]))
for line in sys.stdin:
    log.write(line)
"""
LOGGED = [
    "2026-11-29 10:00:00,001 INFO analytics: stored ERROR 1",
    "2026-11-29 10:00:00,002 ERROR analytics: the first",
    "    one of its traceback's lines",
    '{"level": "ERROR", "message": "the second"}',
]


def test_a_log_of_the_demo_is_private_and_its_first_error_is_reported(checkout: Checkout) -> None:
    file = checkout.folder / "web.log"
    done = subprocess.run(
        [sys.executable, "-c", LOG_LINES, file],
        cwd=checkout.folder,
        input="\n".join(LOGGED),
        capture_output=True,
        text=True,
        check=True,
    )
    assert file.read_text().splitlines() == LOGGED
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert done.stderr == f"run: web has logged an error, in {file}\n"


def log_in(origin: str, name: str, password: str) -> requests.Session:
    session = requests.Session()
    form = session.get(f"{origin}/login/", timeout=10).text
    token = re.search('name="csrfmiddlewaretoken" value="([^"]+)"', form)[1]
    fields = {"username": name, "password": password, "csrfmiddlewaretoken": token}
    # A service that is busy says so, and is asked again.
    wait_until(lambda: session.post(f"{origin}/login/", fields, timeout=10).status_code != 503, 60)
    assert session.get(f"{origin}/browsers/", timeout=10).url == f"{origin}/browsers/"
    return session


def moving(staff: requests.Session, page: str) -> list[dict]:
    rows = staff.get(f"{page}rows/", timeout=10).json()["instances"]
    return [row for row in rows if row["has_moved"] and row["velocities"]]
