"""scripts/services: real servers, started, shared, killed and stopped."""

import contextlib
import json
import os
import pty
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg2
import pytest
import redis

from tests.checkout import ROOT, Checkout, is_running, kill
from tests.patience import wait_until

pytestmark = pytest.mark.slow

RIGHTS = """
select concat_ws(' ', rolname, rolsuper, rolcreatedb, rolcreaterole, rolreplication, rolbypassrls)
from pg_roles where rolname = current_user
"""
OWNER = "select pg_get_userbyid(datdba) from pg_database where datname = current_database()"
DROP = "drop owned by helper; drop role helper"


@pytest.fixture
def checkout(tmp_path: Path) -> Iterator[Checkout]:
    checkout = Checkout(tmp_path)
    yield checkout
    checkout.services("down")
    assert not any(map(is_running, checkout.server_pids()))


@pytest.fixture
def private(checkout: Checkout) -> Checkout:
    """A checkout whose private servers run."""
    done = checkout.services("up")
    if "Choose one:" in done.stderr:
        pytest.skip("no server programs here: neither the host's nor a Debian root")
    assert done.returncode == 0, done.stderr
    return checkout


def ask(urls: dict[str, str], sql: str) -> object:
    connection = psycopg2.connect(urls["DATABASE_URL"])
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute(sql)
            return cursor.fetchone()[0] if cursor.description else None
    finally:
        connection.close()


def remember(urls: dict[str, str]) -> None:
    ask(urls, "create table kept (word text); insert into kept values ('pointer')")
    redis.from_url(urls["REDIS_URL"]).set("kept", "pointer")


def assert_remembered(urls: dict[str, str]) -> None:
    assert ask(urls, "select word from kept") == "pointer"
    assert redis.from_url(urls["REDIS_URL"]).get("kept") == b"pointer"


def test_private_servers_are_durable_and_closed_to_others(private: Checkout) -> None:
    urls = private.up()
    assert ask(urls, "select extname from pg_extension where extname = 'timescaledb'")
    for name, value in {
        "fsync": "on",
        "synchronous_commit": "on",
        "full_page_writes": "on",
        "listen_addresses": "127.0.0.1",
        "timezone": "UTC",
        "timescaledb.telemetry_level": "off",
    }.items():
        assert ask(urls, f"show {name}") == value
    with pytest.raises(psycopg2.OperationalError, match="password"):
        psycopg2.connect(urls["DATABASE_URL"].replace(":", ":not", 2).replace(":not//", "://"))
    settings = redis.from_url(urls["REDIS_URL"]).config_get("*")
    assert settings["appendonly"] == "yes"
    assert settings["maxmemory-policy"] == "noeviction"
    assert settings["bind"] == "127.0.0.1"
    with pytest.raises(redis.AuthenticationError):
        redis.Redis(port=redis.from_url(urls["REDIS_URL"]).get_connection_kwargs()["port"]).ping()


def test_servers_do_not_run_as_root_and_their_secrets_are_private(private: Checkout) -> None:
    pids = private.server_pids()
    assert len(pids) >= 2
    assert all(Path(f"/proc/{pid}").stat().st_uid != 0 for pid in pids)
    for name in ("services.env", "services.json"):
        assert stat.S_IMODE((private.folder / "var" / name).stat().st_mode) == 0o600


def test_the_service_has_an_ordinary_role_that_owns_its_database(private: Checkout) -> None:
    urls = private.up()
    assert ask(urls, RIGHTS) == "pointerscope f f f f f"
    assert ask(urls, OWNER) == "pointerscope"
    for statement in (
        "create role more",
        "select pg_ls_dir('/')",
        "copy (select 1) to program 'true'",
    ):
        with pytest.raises(psycopg2.errors.InsufficientPrivilege):
            ask(urls, statement)


def test_a_command_of_run_is_the_databases_owner(private: Checkout) -> None:
    done = private.services("run", "--", "sh", "-c", "echo $DATABASE_URL; echo $DATABASE_OWNER_URL")
    owner, nothing = done.stdout.split("\n")[:2]
    assert ask({"DATABASE_URL": owner}, RIGHTS).startswith("postgres t")
    assert nothing == ""


def test_a_cluster_whose_first_role_is_the_services_is_converted_with_its_data(
    private: Checkout,
) -> None:
    urls = private.up()
    remember(urls)
    make_like_an_earlier_versions(private)
    assert ask(urls, RIGHTS).startswith("pointerscope t")
    for _ in range(2):
        assert private.up() == urls
        assert ask(urls, RIGHTS) == "pointerscope f f f f f"
        assert_remembered(urls)
        ask(urls, "alter table kept add column more text; alter table kept drop column more")


def make_like_an_earlier_versions(private: Checkout) -> None:
    """Give the cluster's first role the service's name and password, as initdb once did."""
    state = private.folder / "var" / "services.json"
    facts = json.loads(state.read_text())
    port, password = (facts["postgres"][name] for name in ("port", "password"))
    owner = f"postgres://postgres:{facts['postgres'].pop('owner_password')}@127.0.0.1:{port}/"
    ask({"DATABASE_URL": f"{owner}postgres"}, "create role helper superuser login password 'x'")
    helper = {"DATABASE_URL": f"postgres://helper:x@127.0.0.1:{port}/pointerscope"}
    ask(helper, "alter table kept owner to postgres; alter database pointerscope owner to postgres")
    ask(helper, "drop owned by pointerscope; drop role pointerscope")
    ask(helper, "alter role postgres rename to pointerscope")
    ask(helper, f"alter role pointerscope password '{password}'")
    ask({"DATABASE_URL": f"postgres://pointerscope:{password}@127.0.0.1:{port}/postgres"}, DROP)
    state.write_text(json.dumps(facts))


def test_nobody_else_may_read_the_state_folder(checkout: Checkout) -> None:
    old = checkout.folder / "var"
    old.mkdir(mode=0o755)
    done = checkout.services("up")
    if "Choose one:" in done.stderr:
        pytest.skip("no server programs here: neither the host's nor a Debian root")
    assert stat.S_IMODE(old.stat().st_mode) == 0o700
    logs = list(old.glob("*.log"))
    assert len(logs) == 2
    assert {stat.S_IMODE(log.stat().st_mode) for log in logs} == {0o600}
    demo, somebodys = old / "demo", checkout.folder / "somebodys"
    somebodys.mkdir(mode=0o755)
    checkout.services("status", POINTERSCOPE_STATE=str(demo))
    checkout.services("status", POINTERSCOPE_STATE=str(somebodys))
    assert stat.S_IMODE(demo.stat().st_mode) == 0o700
    assert stat.S_IMODE(somebodys.stat().st_mode) == 0o755, "a folder that was there was changed"


@pytest.mark.timed
def test_a_second_up_reuses_running_servers_and_is_quick(private: Checkout) -> None:
    pids = set(private.server_pids())
    began = time.monotonic()
    private.up()
    assert time.monotonic() - began < 2
    assert pids & set(private.server_pids())


def test_the_addresses_are_also_in_a_file(private: Checkout) -> None:
    urls = private.up()
    lines = (private.folder / "var" / "services.env").read_text().splitlines()
    assert dict(line.split("=", 1) for line in lines) == urls


@pytest.mark.timed
def test_data_survives_a_stop_and_a_quick_start(private: Checkout) -> None:
    urls = private.up()
    remember(urls)
    assert "stopped PostgreSQL" in private.services("down").stderr
    assert not private.server_pids()
    began = time.monotonic()
    assert private.up() == urls
    assert time.monotonic() - began < 2
    assert_remembered(urls)


def test_down_succeeds_when_nothing_runs(checkout: Checkout) -> None:
    done = checkout.services("down")
    assert done.returncode == 0
    assert "no service of ours was running" in done.stderr


def test_killed_servers_restart_with_their_data(private: Checkout) -> None:
    urls = private.up()
    remember(urls)
    kill(*private.server_pids())
    assert private.up() == urls
    assert_remembered(urls)


def test_a_pid_file_with_another_process_is_ignored(private: Checkout) -> None:
    urls = private.up()
    private.services("down")
    data = private.folder / "var" / "postgres" / "data"
    innocent = subprocess.Popen(["sleep", "60"], start_new_session=True)
    note = data / "postmaster.pid"
    note.write_text(f"{innocent.pid}\n/mnt/data\n0\n1\n\n127.0.0.1\n0 0\nready\n")
    os.chown(note, data.stat().st_uid, data.stat().st_gid)
    assert private.up() == urls
    private.services("down")
    assert innocent.poll() is None
    innocent.kill()
    innocent.wait()


def test_a_port_taken_by_another_process_is_not_used(private: Checkout) -> None:
    private.services("down")
    port = json.loads((private.folder / "var" / "services.json").read_text())["postgres"]["port"]
    with socket.create_server(("127.0.0.1", port)):
        done = private.services("up")
    assert f"port {port} is taken by something else; PostgreSQL moves to" in done.stderr
    assert f":{port}/" not in done.stdout


def test_runs_share_the_servers_and_the_last_one_stops_them(private: Checkout) -> None:
    private.services("down")
    long = private.start("services", "run", "--", "sleep", "60")
    wait_until(lambda: "Redis" in private.output, 20)
    short = private.services("run", "--", "sh", "-c", "test -n $DATABASE_URL && exit 7")
    assert short.returncode == 7
    assert "stopped" not in short.stderr
    assert private.server_pids()
    long.terminate()
    assert long.wait(20) == 128 + signal.SIGTERM
    assert not private.server_pids()


def test_a_run_keeps_servers_that_were_started_by_up(private: Checkout) -> None:
    assert private.services("run", "--", "true").returncode == 0
    assert private.server_pids()


def test_a_run_that_was_killed_does_not_hold_the_servers_for_ever(private: Checkout) -> None:
    private.services("down")
    killed = private.start("services", "run", "--", "sleep", "1")
    wait_until(lambda: "Redis" in private.output, 20)
    killed.kill()
    killed.wait()
    assert private.server_pids()
    assert "stopped Redis" in private.services("run", "--", "true").stderr


def make(checkout: Checkout, *words: str) -> subprocess.CompletedProcess[str]:
    """Run a target of the Makefile in the checkout, without a terminal."""
    return subprocess.run(
        ["make", "-f", ROOT / "Makefile", f"PYTHON={sys.executable}", *words],
        cwd=checkout.folder,
        env=checkout.env,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_stopping_them_during_a_run_is_refused_without_yes(private: Checkout) -> None:
    private.services("down")
    private.start("services", "run", "--", "sleep", "60")
    wait_until(lambda: "Redis" in private.output, 20)
    done = make(private, "stop")
    assert done.returncode != 0
    assert "PostgreSQL and Redis are in use by a test or a backup; end that first" in done.stderr
    assert len(private.server_pids()) >= 2
    done = make(private, "stop", "ARGS=--yes")
    assert done.returncode == 0, done.stderr
    assert not private.server_pids()


def test_data_is_deleted_only_where_somebody_says_so_and_never_under_a_run(
    private: Checkout,
) -> None:
    running = private.start("services", "run", "--", "sleep", "60")
    wait_until(lambda: "Redis" in private.output, 20)
    done = make(private, "clean-data", "ARGS=--yes")
    assert done.returncode != 0
    assert "are in use by a test or a backup; end that first" in done.stderr
    running.terminate()
    running.wait()
    remember(private.up())
    done = make(private, "clean-data")
    assert done.returncode != 0
    assert "services: kept " in done.stderr
    answer_at_terminal(private, "\n")
    assert_remembered(private.up())
    assert make(private, "clean-data", "ARGS=--yes").returncode == 0
    assert not (private.folder / "var").exists()
    assert not private.server_pids()


def test_data_is_deleted_where_somebody_agrees_at_the_terminal(private: Checkout) -> None:
    asked = "databases, passwords, the signing key, logs? [y/N] "
    assert asked in answer_at_terminal(private, "y\n")
    assert not (private.folder / "var").exists()
    assert make(private, "clean-data").returncode == 0


def answer_at_terminal(checkout: Checkout, answer: str) -> str:
    """Answer the question of `delete-data`, and return the terminal's output."""
    pid, terminal = pty.fork()
    if pid == 0:
        command = checkout.command("services", "delete-data")
        os.execve(command[0], command, checkout.env)
    os.write(terminal, answer.encode())
    seen = b""
    # Linux reports EIO once the other end is closed.
    with contextlib.suppress(OSError):
        while more := os.read(terminal, 4096):
            seen += more
    os.waitpid(pid, 0)
    return seen.decode()


def test_a_missing_command_is_one_clear_line(private: Checkout) -> None:
    done = private.services("run", "--", "no-such-command")
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == "services: no-such-command: No such file or directory"


@pytest.mark.parametrize("name", ["redis", "postgres"])
def test_a_throwaway_server_is_the_process_that_was_started(
    private: Checkout, tmp_path: Path, name: str
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    words = [name, "--port", str(port), "--data", str(tmp_path / name)]
    server = private.start("services", *words)

    def answers() -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0

    wait_until(answers, 20)
    program = Path(f"/proc/{server.pid}/comm").read_text().strip()
    server.kill()
    assert server.wait(5) == -signal.SIGKILL
    assert program in ("redis-server", "postgres")
    # The last probe made the server fork a child, which has the socket until it closes it.
    wait_until(lambda: not answers(), what="the end of the server")


def test_programs_are_there_whatever_addresses_are_given_and_nothing_starts(
    checkout: Checkout,
) -> None:
    """As `make hosts` needs them, whose hosts have no network to build them."""
    given = {"DATABASE_URL": "postgres://me:secret@here:2/mine", "REDIS_URL": "redis://there:1/0"}
    done = checkout.services("programs", **given)
    if "Choose one:" in done.stderr:
        pytest.skip("no server programs here: neither the host's nor a Debian root")
    assert (done.returncode, done.stdout) == (0, "")
    assert not (checkout.folder / "var" / "postgres").exists()


def test_given_addresses_are_used_and_nothing_starts(checkout: Checkout) -> None:
    (checkout.folder / ".env").write_text("# mine\nREDIS_URL='redis://:secret@there:1/0'\n")
    urls = checkout.up(DATABASE_URL="postgres://me:secret@here:2/mine")
    assert urls["DATABASE_URL"] == "postgres://me:secret@here:2/mine"
    assert urls["REDIS_URL"] == "redis://:secret@there:1/0"
    assert not (checkout.folder / "var" / "postgres").exists()


def test_a_missing_address_is_completed(checkout: Checkout) -> None:
    done = checkout.services("up", DATABASE_URL="postgres://me:secret@here:2/mine")
    if "Choose one:" in done.stderr:
        pytest.skip("no server programs here: neither the host's nor a Debian root")
    assert "secret" not in done.stderr
    assert "REDIS_URL=redis://:" in done.stdout
    assert not (checkout.folder / "var" / "postgres").exists()


def test_without_any_source_one_message_names_the_choices(checkout: Checkout) -> None:
    done = checkout.services("up", PATH=str(checkout.folder))
    if done.returncode == 0:
        pytest.skip("this host has PostgreSQL with TimescaleDB outside of PATH")
    assert done.returncode == 1
    for choice in ("DATABASE_URL", "Docker", "install PostgreSQL", "as root"):
        assert choice in done.stderr
    assert "Traceback" not in done.stderr


def program(folder: Path, name: str, text: str) -> None:
    (folder / name).write_text(f"#!/bin/sh\n{text}\n")
    (folder / name).chmod(0o755)


def test_a_docker_engine_that_answers_comes_before_private_servers(checkout: Checkout) -> None:
    tools = checkout.folder / "tools"
    tools.mkdir()
    log, flag = checkout.folder / "docker", checkout.folder / "docker-runs"
    program(
        tools,
        "docker",
        f'echo "$*" >> {log}\n'
        f'case "$*" in *" up "*) touch {flag};; *" stop") rm {flag};;\n'
        f'*" ps "*) test -e {flag} && echo redis || true;; esac',
    )
    path = f"{tools}{os.pathsep}{checkout.env['PATH']}"
    done = checkout.services("run", "--", "sh", "-c", "echo $DATABASE_URL", PATH=path)
    assert done.stdout == "postgres://pointerscope@127.0.0.1:5432/pointerscope\n"
    assert "up --detach --wait timescaledb redis" in log.read_text()
    assert not flag.exists()
    flag.touch()
    assert checkout.services("run", "--", "true", PATH=path).returncode == 0
    assert flag.exists(), "stopped containers that it had not started"


@pytest.mark.parametrize("verb", ["up", "programs"])
def test_a_root_folder_that_cannot_be_built_leaves_a_log_and_nothing_else(
    checkout: Checkout, verb: str
) -> None:
    if not Path("/etc/debian_version").exists():
        pytest.skip("only Debian and its family build a root folder")
    tools = checkout.folder / "tools"
    tools.mkdir()
    program(tools, "mmdebstrap", "echo 'E: no network' >&2; exit 100")
    env = {"PATH": f"{tools}{os.pathsep}{checkout.env['PATH']}"}
    cache = checkout.folder / "cache"
    done = checkout.services(verb, XDG_CACHE_HOME=str(cache), **env)
    if done.returncode == 0:
        pytest.skip("this host has PostgreSQL with TimescaleDB of its own")
    log = checkout.folder / "var" / "debian-root.log"
    assert done.stderr.splitlines()[-1].endswith(f"its output is in {log}")
    assert "no network" in log.read_text()
    assert "Traceback" not in done.stderr
    assert [path.suffix for path in (cache / "pointerscope").iterdir()] == [".lock"]
