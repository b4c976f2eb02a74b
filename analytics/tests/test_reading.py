"""Files of many shapes are read exactly, and ambiguous files are refused."""

import math
import re
from collections.abc import Iterable
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from random import Random

import pyarrow as pa
import pytest
from django.conf import settings
from django.core.management import load_command_class
from django.core.management.base import BaseCommand

from analytics.recordings import (
    Options,
    Reading,
    RecordedSample,
    check,
    lies_in_window,
    preview,
    read_file,
)
from analytics.recordings.columns import words
from analytics.recordings.rows import cells
from analytics.tests.recorded import ABSENT, FILES
from analytics.tests.recording_doubts import DOUBTS, Doubt
from analytics.tests.recording_shapes import (
    SHAPES,
    START_US,
    Shape,
    balabit,
    lines,
    parquet,
    plain,
)
from core.values.times import to_epoch_us


def read(folder: Path, shape: Shape) -> Reading:
    path = folder / shape.name
    path.write_bytes(shape.content)
    return read_file(path, shape.options)


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.name)
def test_a_shape_gives_its_samples(tmp_path: Path, shape: Shape) -> None:
    reading = read(tmp_path, shape)
    assert reading.findings.refusals == []
    assert {r.label: list(r) for r in reading.recordings} == shape.answer
    assert reading.trials == shape.trials


@pytest.mark.parametrize("doubt", DOUBTS, ids=lambda doubt: doubt.name)
def test_an_ambiguous_file_is_refused_with_advice(tmp_path: Path, doubt: Doubt) -> None:
    path = tmp_path / doubt.name
    path.write_bytes(doubt.content)
    refusals = read_file(path, doubt.options).findings.refusals
    fitting = [refusal for refusal in refusals if doubt.text in refusal.text]
    assert fitting, refusals
    assert doubt.advice in fitting[0].advice


def written(folder: Path, content: bytes, name: str = "file") -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


def test_an_instance_id_separates_pointers_and_seq_orders_equal_times(tmp_path: Path) -> None:
    rows = [
        '{"instance_id":"b","time":"2026-11-23T12:00:00.000125Z","x":0.25,"y":2,"seq":8}',
        '{"instance_id":"a","time":1795435200000.125,"x":0.25,"y":2.0,"seq":8,"enter":false}',
        "",
        '{"instance_id":"b","time":"2026-11-23T13:00:00.000125+01:00","x":1.5,"y":2,"seq":7,'
        '"enter":true}',
    ]
    reading = read_file(written(tmp_path, "\n".join(rows).encode()), Options(scale=(1, 1)))
    noon_us = to_epoch_us(datetime(2026, 11, 23, 12, 0, 0, 125, UTC))
    first = RecordedSample(noon_us, 1.5, 2.0, 7, True)
    second = RecordedSample(noon_us, 0.25, 2.0, 8, False)
    assert reading.findings.refusals == []
    assert {r.label: list(r) for r in reading.recordings} == {
        "instance_id b": [first, second],
        "instance_id a": [second],
    }


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
@pytest.mark.parametrize("zone", [None, "UTC", "Europe/Vienna"])
def test_timestamps_of_any_unit_and_zone_are_accepted(
    tmp_path: Path, unit: str, zone: str | None
) -> None:
    moments = pa.array([START_US, START_US + 1_000_000]).cast(pa.timestamp("us"))
    times = moments.cast(pa.timestamp(unit)).cast(pa.timestamp(unit, zone))
    path = written(tmp_path, parquet({"time": times, "x": [1.5, 100.0], "y": [2, 2]}))
    (recording,) = read_file(path).recordings
    assert list(recording.times_us) == [START_US, START_US + 1_000_000]
    assert recording.is_dated


def test_decimal_commas_behind_ten_thousand_whole_numbers_are_found(tmp_path: Path) -> None:
    rows = [f"{8 * i};{i % 500};7" for i in range(10_050)]
    path = written(tmp_path, "\n".join(["t;x;y", *rows, "80400,5;1,25;7", "80408;2;7"]).encode())
    reading = read_file(path)
    assert reading.findings.refusals == []
    assert reading.findings.rows == 10_052
    (recording,) = reading.recordings
    assert list(recording)[-2:] == [
        RecordedSample(80_400_500, 1.25, 7.0, 10_050, False),
        RecordedSample(80_408_000, 2.0, 7.0, 10_051, False),
    ]


def test_an_enter_that_only_a_late_object_has_is_read(tmp_path: Path) -> None:
    records = [{"t": 8 * i, "x": i % 500, "y": 7} for i in range(3_000)]
    records[2_500]["enter"] = True
    (recording,) = read_file(written(tmp_path, lines(records))).recordings
    assert recording.enters.index(True) == 2_500
    assert sum(recording.enters) == 1


def test_all_bad_cells_are_counted_and_some_are_shown(tmp_path: Path) -> None:
    path = written(tmp_path, plain() + b"0.2,a,b\n" * 30)
    findings = read_file(path).findings
    assert [refusal.text for refusal in findings.refusals[:2]] == [
        'line 26, column x: "a" is no number',
        'line 27, column x: "a" is no number',
    ]
    assert len(findings.refusals) + findings.refusals_not_shown == 60


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    (absent,) = read_file(tmp_path / "absent.csv").findings.refusals
    (folder,) = read_file(tmp_path).findings.refusals
    assert (absent.text, folder.text) == ("No such file or directory", "is a folder")


@pytest.mark.skipif(not FILES, reason=ABSENT)
@pytest.mark.parametrize(
    ("name", "left_out", "px"),
    [("user12", 1, 25_684), ("user16", 84, 48_617), ("user23", 100, 84_946)],
)
def test_real_recordings_are_as_long_as_their_readme_says(
    name: str, left_out: int, px: int
) -> None:
    (path,) = (path for path in FILES if path.name.startswith(name))
    reading = read_file(path)
    (recording,) = reading.recordings
    points = list(zip(recording.xs, recording.ys, strict=True))
    assert round(sum(math.dist(a, b) for a, b in pairwise(points))) == px
    assert reading.findings.left_out.total() == left_out


def test_positions_on_both_sides_of_the_origin_are_noted(tmp_path: Path) -> None:
    rows = b"".join(b"%d,%d,%d\n" % (8 * i, 9 * i - 100, 100 - 9 * i) for i in range(24))
    path = written(tmp_path, b"t,x,y\n" + rows)
    note = (
        "Positions are on both sides of 0,0. If it is the middle of the screen and y points up,"
        " --flip-y turns it."
    )
    assert read_file(path).findings.facts["note"] == [note]
    assert "note" not in read_file(path, Options(flip_y=True)).findings.facts


def test_comments_between_rows_are_counted(tmp_path: Path) -> None:
    path = written(tmp_path, plain().replace(b"\n0.08,", b"\n# paused\n# resumed\n0.08,"))
    reading = read_file(path)
    assert reading.samples == 24
    assert reading.findings.left_out == {"a comment (#, %, //)": 2}


WINDOW = datetime(2026, 11, 23, tzinfo=UTC)


@pytest.mark.parametrize(
    ("content", "keeps_times", "text", "advice"),
    [
        (plain() + b"0.2,2000000,7\n", False, "line 26: x is 2,000,000", "--scale"),
        (plain() + b"86400000,1,7\n", False, "spans 1,000.0 days", "--time-unit"),
        (plain(), True, "no date", "--keep-times"),
        (b"time,x,y\n2026-01-01T00:00:00Z,1,2\n", True, "line 2: its time 2026-01-01", "moved"),
        (b"time,x,y\n2026-12-01T00:00:00Z,1,2\n", True, "line 2: its time 2026-12-01", "moved"),
    ],
)
def test_the_services_own_rules_are_checked_before_anything_is_sent(
    tmp_path: Path, content: bytes, keeps_times: bool, text: str, advice: str
) -> None:
    reading = read_file(written(tmp_path, content))
    assert reading.findings.refusals == []
    check(reading, keeps_times=keeps_times, now=WINDOW)
    (refusal, *_) = reading.findings.refusals
    assert text in refusal.text
    assert advice in refusal.advice


def test_times_in_the_future_are_noted(tmp_path: Path) -> None:
    of_1904 = START_US // 1_000_000 + 2_082_844_800
    rows = "".join(f"{of_1904 + i / 64},{100 + 9 * i},7\n" for i in range(24))
    reading = read_file(written(tmp_path, f"t,x,y\n{rows}".encode()))
    check(reading, keeps_times=False, now=WINDOW)
    assert reading.findings.facts["note"] == [
        "Times lie in the future. If they do not count from 1970, their dates are wrong."
    ]


@pytest.mark.parametrize(
    ("start", "lies"), [("2026-11-20", True), ("2026-10-20", False), ("2026-11-24", False)]
)
def test_times_are_kept_if_the_service_accepts_all_of_them(
    tmp_path: Path, start: str, lies: bool
) -> None:
    inside = f"time,x,y\n2026-11-22T00:00:00Z,1,2\n{start}T00:00:00.008Z,90,2\n".encode()
    reading = read_file(written(tmp_path, inside))
    assert lies_in_window([reading], now=WINDOW) is lies


def test_the_preview_shows_all_that_was_understood(tmp_path: Path) -> None:
    path = written(tmp_path, balabit(), "session.csv")
    assert "\n".join(preview([read_file(path)])).replace(f"{tmp_path}/", "") == (
        """\
session.csv
  file       UTF-8, delimiter comma, 27 rows
  columns    time = client timestamp, x, y
  not used   record timestamp
  time       seconds since any start, median step 8 ms (125 Hz), 184 ms in all
  positions  x 100 to 171, y 355 to 400 px
  left out   3 rows:
             2  button is "Scroll"
             1  position 65535,65535 is none
  becomes    24 samples, 1 instance"""
    )


def test_every_preview_fits_into_80_columns(tmp_path: Path) -> None:
    readings = [
        read_file(written(tmp_path, file.content, file.name), file.options)
        for file in (*SHAPES, *DOUBTS)
    ]
    shown = [*preview(readings), *preview(readings, is_detailed=True)]
    too_long = [line for line in shown if len(line) > 80 and not line.startswith(str(tmp_path))]
    assert too_long == []
    assert len([line for line in shown if line.endswith("REFUSED")]) == len(DOUBTS)


def told_words(row: str) -> set[str]:
    """Return the words in a row of a table in docs/import.md."""
    _, text = (settings.BASE_DIR / "docs" / "import.md").read_text().split("## The words")
    (line,) = re.findall(rf"^\| {row}\b.*? \|(.*)\|$", text, re.MULTILINE)
    return set(re.findall(r"`([^`]+)`", line))


@pytest.mark.parametrize(
    ("row", "known"),
    [
        ("time", words.TIMES),
        ("steps of time", words.DELTAS),
        ("seq", words.SEQS),
        ("participant", words.PEOPLE),
        ("session", words.SESSIONS),
        ("pointer", words.POINTERS),
        ("block", words.BLOCKS),
        ("day", words.DATES),
        ("condition", words.CONDITIONS | words.RESPONSES),
        ("kind", words.KINDS),
        ("missing", cells.MISSING - {""}),
        ("a kind without", words.NO_POSITION | {"scroll", "wheel", "key"}),
    ],
)
def test_the_docs_have_every_word_that_the_reader_knows(row: str, known: Iterable[str]) -> None:
    extra = {"mouse.time", "timestamps_get_response", "--time-is delta"}
    assert told_words(row) - extra == set(known)


def test_the_docs_name_every_option() -> None:
    text = (settings.BASE_DIR / "docs" / "import.md").read_text()
    parser = load_command_class("analytics", "import").create_parser("manage.py", "import")
    common = BaseCommand().create_parser("manage.py", "import")
    known = {option for action in common._actions for option in action.option_strings}
    own = {option for action in parser._actions for option in action.option_strings} - known
    assert {option for option in own if option not in text} == set()


TOKENS = [
    b",",
    b";",
    b"\t",
    b'"',
    b"\n",
    b"\r",
    b"-",
    b"NA",
    b"[",
    b"}",
    b"nan",
    b"1e400",
    b"9" * 20,
]
TOKENS += [b"\xff", b"\0", b"null", b"true", b"inf", b"2026-11-20", b"e", b"'", b"#", b"T10:00:00"]


def mutated(content: bytes, chance: Random) -> bytes:
    """Return a file's bytes with some replaced, deleted, repeated or inserted."""
    data = bytearray(content)
    for _ in range(chance.choice([1, 1, 2, 5, 20])):
        at, there = chance.randrange(len(data) + 1), chance.randrange(len(data) + 1)
        match chance.randrange(3):
            case 0:
                data[at : at + chance.randrange(4)] = chance.choice(TOKENS)
            case 1:
                del data[at : at + chance.randrange(30)]
            case 2:
                data[at:at] = data[there : there + chance.randrange(60)]
    return bytes(data)


@pytest.mark.parametrize("seed", range(4))
def test_any_bytes_are_read_in_order_or_refused(tmp_path: Path, seed: int) -> None:
    chance = Random(seed)
    for _ in range(150):
        file = chance.choice([*SHAPES, *DOUBTS])
        reading = read_file(written(tmp_path, mutated(file.content, chance)), file.options)
        if not reading.is_refused:
            check(reading, keeps_times=False, now=WINDOW)
        assert reading.recordings or reading.is_refused
        for recording in reading.recordings:
            assert all(a <= b for a, b in pairwise(recording.times_us))
        assert list(preview([reading]))
