"""`manage.py import`: researchers' files become instances, completely or not at all."""

import csv
import re
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from analytics.tests.recording_shapes import POINTS, in_ms, long_trials, people, plain, samples
from core.values.times import to_epoch_us
from tests.patience import wait_until
from tests.service import ROOT, Service

STORED = """
select time, x, y, seq, enter from analytics_pointerpositionevent e
join dashboard_browser b on b.id = e.browser_id where b.instance_id = %s order by time, seq
"""
TRIALS = """
select count(*) from analytics_trial t join dashboard_browser b on b.id = t.browser_id
where b.instance_id = any(%s::uuid[])
"""
TRIAL_ROWS = """
select b.label, t.study, t.trial, t.condition, t.state, t.samples, t.mad
from analytics_trial t join dashboard_browser b on b.id = t.browser_id
where b.instance_id = any(%s::uuid[]) order by b.label, t.started_at
"""
BROWSERS = "select count(*) from dashboard_browser"
INSTANCE = re.compile(r"^  instance ([0-9a-f-]{36})$", re.MULTILINE)


def command(service: Service, *arguments: str | Path, **settings: str) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, "manage.py", "import", *map(str, arguments)],
        cwd=ROOT,
        env={**service.environment, "SERVICE_URL": service.url, **settings},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def run(
    service: Service, *arguments: str | Path, **settings: str
) -> subprocess.CompletedProcess[str]:
    running = command(service, *arguments, **settings)
    out, err = running.communicate(timeout=120)
    return subprocess.CompletedProcess(running.args, running.returncode, out, err)


def written(folder: Path, name: str, content: bytes) -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


def stored(service: Service, instance_id: str) -> list[tuple]:
    rows = service.sql(STORED, (instance_id,))
    return [(to_epoch_us(row[0]), *row[1:]) for row in rows]


def epoch_ms(before: timedelta) -> int:
    return int((datetime.now(UTC) - before).timestamp() * 1000)


def test_each_participant_becomes_an_instance_and_each_trial_enters(
    service: Service, tmp_path: Path
) -> None:
    path = written(tmp_path, "study.csv", long_trials("participant,trial,condition,time_ms,x,y"))
    done = run(service, "--mapping", tmp_path / "map.csv", path)
    assert done.returncode == 0, done.stderr
    instances = INSTANCE.findall(done.stdout)
    for instance_id, (label, expected) in zip(
        instances, people("participant").items(), strict=True
    ):
        assert f"study.csv, {label}: 12 samples stored" in done.stdout
        rows = stored(service, instance_id)
        shift = rows[0][0] - expected[0].time_us
        assert rows == [(s.time_us + shift, *s[1:]) for s in expected]
        assert abs(rows[-1][0] / 1e6 - time.time()) < 30
    with (tmp_path / "map.csv").open() as file:
        mapped = [tuple(row.values())[1:] for row in csv.DictReader(file)]
    assert mapped == [
        ("participant 1", instances[0], "12", "2"),
        ("participant 2", instances[1], "12", "2"),
    ]
    state = "select is_active from dashboard_browser where instance_id = any(%s::uuid[])"
    assert service.sql(state, (instances,)) == [(False,), (False,)]


def test_columns_of_trials_become_trials_with_their_measures_once(
    service: Service, tmp_path: Path
) -> None:
    path = written(tmp_path, "mt-1.csv", long_trials("participant,trial,condition,time_ms,x,y"))
    done = run(service, "--study", "mice", "--again", path)
    assert done.returncode == 0, done.stderr
    instances = INSTANCE.findall(done.stdout)
    assert "mt-1.csv, participant 1: 12 samples stored, 2 trials\n" in done.stdout
    wait_until(
        lambda: service.sql(TRIALS, (instances,))[0][0] == 4, seconds=60, what="the trials are made"
    )
    rows = service.sql(TRIAL_ROWS, (instances,))
    assert [row[:5] for row in rows] == [
        (label, "mice", trial, "typical", "ended")
        for label, trials in (("participant 1", "12"), ("participant 2", "12"))
        for trial in trials
    ]
    assert all(samples == 6 and mad is not None for *_, samples, mad in rows)


def test_a_file_is_imported_once(service: Service, tmp_path: Path) -> None:
    path = written(tmp_path, "once.csv", long_trials("subject,trial,condition,time_ms,x,y"))
    first = run(service, path)
    instances = INSTANCE.findall(first.stdout)
    assert len(instances) == 2, first.stderr
    before = service.sql(BROWSERS)
    renamed = written(tmp_path, "renamed.csv", path.read_bytes())
    done = run(service, "--mapping", tmp_path / "map.csv", path, renamed)
    assert done.returncode == 0, done.stderr
    assert INSTANCE.findall(done.stdout) == instances * 2
    assert "once.csv, subject 1: imported before, nothing was sent" in done.stdout
    assert service.sql(BROWSERS) == before
    with (tmp_path / "map.csv").open() as file:
        mapped = [tuple(row.values())[1:] for row in csv.DictReader(file)]
    assert mapped[:2] == [
        ("subject 1", instances[0], "12", "2"),
        ("subject 2", instances[1], "12", "2"),
    ]
    more = written(
        tmp_path, "more.csv", path.read_bytes() + b"\n3,1,typical,0,1,1\n3,1,typical,8,9,9"
    )
    done = run(service, more)
    assert "more.csv, subject 3: 2 samples stored, 1 trial\n" in done.stdout
    assert "more.csv, subject 2: imported before" in done.stdout
    service.sql(
        "update dashboard_browser set recording = '' where instance_id = %s returning 1",
        (instances[0],),
    )
    assert len(INSTANCE.findall(run(service, path).stdout)) == 2


def test_times_are_kept_within_retention_and_moved_otherwise(
    service: Service, tmp_path: Path
) -> None:
    young, old = epoch_ms(timedelta(days=3)), epoch_ms(timedelta(days=300))
    path = written(tmp_path, "young.csv", in_ms(start=young))
    done = run(service, path)
    assert "Times are kept" in done.stdout
    (instance_id,) = INSTANCE.findall(done.stdout)
    assert stored(service, instance_id) == [tuple(s) for s in samples(start_us=young * 1000)]
    for arguments in ([path, "--end-now"], [written(tmp_path, "old.csv", in_ms(start=old))]):
        done = run(service, *arguments)
        assert "Times are moved: each recording ends now" in done.stdout
        (instance_id,) = INSTANCE.findall(done.stdout)
        rows = stored(service, instance_id)
        assert abs(rows[-1][0] / 1e6 - time.time()) < 30
        assert {b[0] - a[0] for a, b in pairwise(rows)} == {8000}


def test_a_preview_sends_nothing(service: Service, tmp_path: Path) -> None:
    before = service.sql(BROWSERS)
    done = run(service, "--dry-run", written(tmp_path, "plain.csv", plain()))
    assert done.returncode == 0
    assert "median step 8 ms (125 Hz), 184 ms in all" in done.stdout
    assert "Nothing was sent (--dry-run)." in done.stdout
    assert service.sql(BROWSERS) == before


def test_a_mapping_that_cannot_be_written_is_reported_before_anything_is_sent(
    service: Service, tmp_path: Path
) -> None:
    before = service.sql(BROWSERS)
    done = run(service, "--mapping", tmp_path, written(tmp_path, "plain.csv", plain()))
    assert done.returncode == 1
    assert "Is a directory. Nothing was sent." in done.stderr
    assert service.sql(BROWSERS) == before


def test_nothing_is_sent_if_a_row_of_a_later_batch_is_refused(
    service: Service, tmp_path: Path
) -> None:
    rows = [f"{8 * i},{2_000_000 if i == 700 else i},7\n" for i in range(1200)]
    bad = written(tmp_path, "bad.csv", ("t,x,y\n" + "".join(rows)).encode())
    before = service.sql(BROWSERS)
    done = run(service, written(tmp_path, "good.csv", plain()), bad)
    assert done.returncode == 1
    assert "line 702: x is 2,000,000" in done.stdout
    assert "1 of 2 files are refused, see above. Nothing was sent." in done.stderr
    assert service.sql(BROWSERS) == before


def test_a_later_refusal_of_the_service_erases_all_begun_instances(
    service: Service, tmp_path: Path
) -> None:
    """The command's settings differ from the service's, so only the service can refuse."""
    good = written(tmp_path, "good.csv", in_ms(start=epoch_ms(timedelta(days=1))))
    old = written(tmp_path, "old.csv", in_ms(start=epoch_ms(timedelta(days=50))))
    before = service.sql(BROWSERS)
    done = run(service, "--keep-times", good, old, RAW_RETENTION_DAYS="60")
    assert done.returncode == 1
    assert "/events/0/time: must lie from" in done.stderr
    assert "All 2 instances of this command are erased again." in done.stderr
    assert service.sql(BROWSERS) == before


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_an_import_that_is_stopped_leaves_nothing(
    service: Service, tmp_path: Path, how: signal.Signals
) -> None:
    rows = [f"{8 * i},{i % 700},7\n" for i in range(100_000)]
    path = written(tmp_path, "long.csv", ("t,x,y\n" + "".join(rows)).encode())
    ((before,),) = service.sql(BROWSERS)
    running = command(service, written(tmp_path, "first.csv", plain()), path)
    wait_until(lambda: service.sql(BROWSERS)[0][0] == before + 2, seconds=60, what="both begun")
    running.send_signal(how)
    _, told = running.communicate(timeout=30)
    assert running.returncode == 130
    assert "Stopped. All 2 instances of this command are erased again." in told
    assert service.sql(BROWSERS) == [(before,)]


def test_what_a_killed_import_left_behind_is_named_until_it_is_erased(
    service: Service, tmp_path: Path
) -> None:
    rows = [f"{8 * i},{i % 611},7\n" for i in range(100_000)]
    path = written(tmp_path, "killed.csv", ("t,x,y\n" + "".join(rows)).encode())
    short = written(tmp_path, "short.csv", b"t,x,y\n0,5,7\n8,6,7\n16,7,7\n24,8,9\n")
    begun = "select instance_id::text from dashboard_browser where recording like 'begun %%'"
    running = command(service, short, path)
    wait_until(lambda: len(service.sql(begun)) == 2, seconds=60, what="both have begun")
    running.kill()
    running.communicate(timeout=30)
    parts = [instance_id for (instance_id,) in service.sql(begun)]
    before = service.sql(BROWSERS)
    done = run(service, short, path)
    assert done.returncode == 1
    assert "An import of this was killed, or still runs." in done.stderr
    assert sorted(line.strip() for line in done.stderr.splitlines()[1:3]) == sorted(parts)
    assert "Erase them in the admin if no import runs. Nothing was sent." in done.stderr
    assert service.sql(BROWSERS) == before
    for part in parts:
        service.sql("update dashboard_browser set recording = '' where instance_id = %s", (part,))
    done = run(service, short)
    assert done.returncode == 0, done.stderr
    assert "short.csv: 4 samples stored" in done.stdout
    assert service.sql(begun) == []


def test_a_service_that_is_away_is_named(service: Service, tmp_path: Path) -> None:
    path = written(tmp_path, "plain.csv", plain())
    done = run(service, path, SERVICE_URL="http://127.0.0.1:9")
    assert done.returncode == 1
    assert "http://127.0.0.1:9/api/v1/browsers/ cannot be reached" in done.stderr
    assert "Nothing was sent." in done.stderr


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--columns", "tme=t"], "FIELD=NAME with FIELD one of time, x, y"),
        (["--drop", "7"], "X,Y such as 0,0"),
        (["--only", "state"], "COLUMN=VALUE"),
        (["--timezone", "Atlantis"], "a zone such as Europe/Berlin"),
        (["--scale", "0"], "a number, or two"),
        (["--url", "localhost:8000"], "an address such as http://"),
        (["--keep-times", "--end-now"], "not allowed with"),
    ],
)
def test_an_invalid_option_names_valid_values(
    service: Service, tmp_path: Path, arguments: list[str], complaint: str
) -> None:
    done = run(service, *arguments, written(tmp_path, "plain.csv", plain()))
    assert done.returncode == 2
    assert complaint in " ".join(done.stderr.split())


def test_the_options_reach_the_reader(service: Service, tmp_path: Path) -> None:
    content = b"when;kind;a.x;a.y\n" + b"".join(
        f"{8 if p.ms else 0};{'m' if p.ms % 16 else 'k'};{p.x / 100};{p.y / 100}\n".encode()
        for p in POINTS
    )
    path = written(tmp_path, "odd.csv", content + b"8;m;0;0\n8;x;1;1\n")
    done = run(
        service, "--dry-run", "--columns", "time=when,x=x", "--columns", "y=a.y,kind=-",
        "--time-is", "delta", "--time-unit", "ms", "--delimiter", "semicolon", "--decimal", ".",
        "--only", "kind=m,x", "--drop", "0,0", "--drop", "kind=x", "--scale", "100", "--flip-y",
        "--encoding", "utf-8", "--timezone", "+02:00", path,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    told = " ".join(done.stdout.split())
    for fact in (
        "columns time = when, x = a.x, y = a.y",
        "milliseconds, steps from row to row since any start, median step 16 ms",
        "times 100,100, y turned, x 104 to 171, y -399 to -355 px",
        '12 kind is "k"',
        '1 kind is "x"',
        "1 position 0,0 (--drop)",
        "becomes 12 samples, 1 instance",
    ):
        assert fact in told, done.stdout
