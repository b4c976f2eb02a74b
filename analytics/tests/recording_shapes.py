"""Files of the shapes that researchers have, each generated with its right answer.

All contain the same movement of 24 samples, 8 ms apart, so each answer is that movement in the
changed form of the shape. The shapes follow the documentation of the named tools; no file is
theirs.
"""

import csv
import gzip
import io
import json
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet as pq

from analytics.recordings import Options, RecordedSample
from core.values.times import to_epoch_us

START = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
START_US = to_epoch_us(START)
START_MS = START_US // 1000


class Point(NamedTuple):
    """A sample before it is written: ms since the start, and px."""

    ms: float
    x: float
    y: float


POINTS = [Point(8 * i, 100 + 3 * i + i % 3, 400 - 2 * i + i % 2) for i in range(24)]
HALVES = [point._replace(x=point.x + 0.5, y=point.y + 0.25) for point in POINTS]

Answer = dict[str, list[RecordedSample]]


class Shape(NamedTuple):
    """A file's name and bytes, the options for it, and the samples by pointer."""

    name: str
    content: bytes
    answer: Answer
    options: Options = Options()
    trials: int = 0


def samples(
    points: Iterable[Point] = POINTS,
    *,
    start_us: int = 0,
    seqs: Sequence[int] | None = None,
    enters: Iterable[int] = (),
) -> list[RecordedSample]:
    """Return the samples that points should become."""
    enters = set(enters)
    return [
        RecordedSample(
            start_us + round(point.ms * 1000),
            float(point.x),
            float(point.y),
            i if seqs is None else seqs[i],
            i in enters,
        )
        for i, point in enumerate(points)
    ]


def one(*args: Any, **options: Any) -> Answer:
    """Return the answer of a file with one pointer."""
    return {"": samples(*args, **options)}


def dated(*args: Any, **options: Any) -> Answer:
    """Return the answer of a file with one pointer and dates."""
    return one(*args, start_us=START_US, **options)


def text(
    header: str,
    row: Callable[[Point], Sequence[Any]],
    *,
    points: Iterable[Point] = POINTS,
    delimiter: str = ",",
    end: str = "\n",
    before: str = "",
    encoding: str = "utf-8",
) -> bytes:
    """Write delimited text, with quotes around cells that need them."""
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter, lineterminator=end)
    if header:
        writer.writerow(header.split(","))
    writer.writerows(row(point) for point in points)
    return (before + out.getvalue()).encode(encoding)


def plain(header: str = "time,x,y", **options: Any) -> bytes:
    """Write seconds, x and y."""
    return text(header, lambda p: (p.ms / 1000, p.x, p.y), **options)


def in_ms(header: str = "t,x,y", start: int = 0, **options: Any) -> bytes:
    """Write whole milliseconds, x and y."""
    return text(header, lambda p: (start + p.ms, p.x, p.y), **options)


def german(number: float) -> str:
    """Write a number with a decimal comma."""
    return f"{number}".replace(".", ",")


def clock(point: Point, form: str, zone: str = "UTC") -> str:
    """Write a point's time; %f is milliseconds."""
    moment = START.astimezone(ZoneInfo(zone)) + timedelta(milliseconds=point.ms)
    return moment.strftime(form.replace("%f", f"{moment.microsecond // 1000:03}"))


def as_json(value: Any, **options: Any) -> bytes:
    return json.dumps(value, **options).encode()


def lines(records: Iterable[Any]) -> bytes:
    return b"".join(as_json(record) + b"\n" for record in records)


def objects(points: Iterable[Point] = POINTS, start: int = 0) -> list[dict[str, Any]]:
    return [{"t": start + p.ms, "x": p.x, "y": p.y} for p in points]


def columns(points: Sequence[Point] = POINTS) -> dict[str, list[Any]]:
    return {"t": [p.ms for p in points], "x": [p.x for p in points], "y": [p.y for p in points]}


def parquet(table: dict[str, Any]) -> bytes:
    out = io.BytesIO()
    pq.write_table(pa.table(table), out)
    return out.getvalue()


def feather(table: dict[str, Any]) -> bytes:
    out = io.BytesIO()
    pyarrow.feather.write_feather(pa.table(table), out)
    return out.getvalue()


# Four trials of six samples, whose times restart.
TRIALS = [
    (person, trial, [p._replace(ms=p.ms - POINTS[6 * i].ms) for p in POINTS[6 * i : 6 * i + 6]])
    for i, (person, trial) in enumerate([(1, 1), (1, 2), (2, 1), (2, 2)])
]


def laid_out(first: int) -> list[RecordedSample]:
    """Return two trials of a person: the second begins 1 s after the end of the first."""
    again = [p._replace(ms=p.ms + 40 + 1000) for p in TRIALS[first + 1][2]]
    seqs = range(6 * first, 6 * first + 12)
    return samples([*TRIALS[first][2], *again], seqs=seqs, enters=(0, 6))


def people(label: str) -> Answer:
    """Return the answer of a file with the trials of two people."""
    return {f"{label} 1": laid_out(0), f"{label} 2": laid_out(2)}


def long_trials(header: str, order: Callable[[list], list] = list) -> bytes:
    rows = [(person, trial, p) for person, trial, points in TRIALS for p in points]
    out = [header, *(f"{person},{trial},typical,{p.ms},{p.x},{p.y}"
                     for person, trial, p in order(rows))]  # fmt: skip
    return "\n".join(out).encode()


def wide_trials(write: Callable[[list[float]], str]) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["subject_nr", "count_trial", "timestamps", "xpos", "ypos"])
    for person, trial, points in TRIALS:
        cells = ([p.ms for p in points], [p.x for p in points], [p.y for p in points])
        writer.writerow([person, trial, *map(write, cells)])
    return out.getvalue().encode()


def jspsych(write: Callable[[Any], Any]) -> list[dict[str, Any]]:
    """One person's trials as jsPsych's extension for mouse tracking stores them."""
    tracked = [
        {
            "rt": 512,
            "trial_type": "html-button-response",
            "trial_index": i,
            "mouse_tracking_data": write(
                [{"x": p.x, "y": p.y, "t": p.ms, "event": "mousemove"} for p in points]
            ),
        }
        for i, (_, _, points) in enumerate(TRIALS[:2], 1)
    ]
    return [{"trial_type": "instructions", "trial_index": 0, "rt": 900}, *tracked]


def jspsych_csv() -> bytes:
    out = io.StringIO()
    writer = csv.DictWriter(out, ["rt", "trial_type", "trial_index", "mouse_tracking_data"])
    writer.writeheader()
    writer.writerows(jspsych(json.dumps))
    return out.getvalue().encode()


def psychopy() -> bytes:
    """Positions in `height` units, y up, as lists in cells, which are empty in other routines."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(
        ["trials.thisN", "participant", "mouse.x", "mouse.y", "mouse.time", "mouse.leftButton"]
    )
    writer.writerow(["", "p07", "", "", "", ""])
    for _, trial, points in TRIALS[:2]:
        cells = (
            [p.x / 1000 for p in points],
            [-p.y / 1000 for p in points],
            [p.ms / 1000 for p in points],
            [0] * len(points),
        )
        writer.writerow([trial - 1, "p07", *map(json.dumps, cells)])
    return out.getvalue().encode()


def tobii() -> bytes:
    """Rows of the eye tracker have no mouse position; times are whole microseconds."""
    out = io.StringIO()
    names = (
        "Recording timestamp [μs]", "Participant name", "Sensor", "Event", "Gaze point X [DACS px]",
        "Gaze point Y [DACS px]", "Mouse position X [DACS px]", "Mouse position Y [DACS px]",
    )  # fmt: skip
    writer = csv.writer(out, delimiter="\t")
    writer.writerow(names)
    for p in POINTS:
        writer.writerow([p.ms * 1000 - 3, "P01", "Eye Tracker", "", 5, 6, "", ""])
        writer.writerow([p.ms * 1000, "P01", "Mouse", "", "", "", p.x, p.y])
    return out.getvalue().encode()


def attentive() -> bytes:
    """Space-delimited, with a JSON text at the end; load and scroll are at 0, 0."""
    rows = [
        "cursor timestamp xpos ypos event xpath attrs extras",
        f"0 {START_MS - 9} 0 0 load / {{}}",
    ]
    for i, p in enumerate(POINTS):
        rows.append(
            f'0 {START_MS + p.ms} {p.x} {p.y} mousemove //*[@id="a"] {{"class":"a b"}} {{}}'
        )
        if i % 8 == 7:
            rows.append(f"0 {START_MS + p.ms + 1} 0 0 scroll / {{}} {{}}")
    return "\n".join(rows).encode()


def balabit() -> bytes:
    """The kinds of the Balabit and SapiMouse sets: Scroll is at 0, 0, some rows are at 65535."""
    rows = ["record timestamp,client timestamp,button,state,x,y"]
    for i, p in enumerate(POINTS):
        rows.append(f"{p.ms / 1000 + 0.003},{p.ms / 1000},NoButton,Move,{p.x},{p.y}")
        if i in (5, 12):
            rows.append(f"{p.ms / 1000 + 0.004},{p.ms / 1000 + 0.001},Scroll,Down,0,0")
        if i == 17:
            rows.append(f"{p.ms / 1000 + 0.004},{p.ms / 1000 + 0.001},NoButton,Move,65535,65535")
    return "\n".join(rows).encode()


def begaze() -> bytes:
    """Rows of an eye tracker, of which every second one has no position of the mouse."""
    rows = ["## [BeGaze]", "## Version:\tBeGaze 3.7", "Time\tType\tL POR X [px]\tL POR Y [px]"
            "\tL Mapped Diameter [mm]\tMouse X [px]\tMouse Y [px]"]  # fmt: skip
    for p in POINTS:
        rows.append(f"{9_000_000_000 + p.ms * 1000:.0f}\tSMP\t5,5\t6,5\t3,1\t{p.x}\t{p.y}")
        rows.append(f"{9_000_004_000 + p.ms * 1000:.0f}\tSMP\t5,5\t6,5\t3,1\t-\t-")
    return "\r\n".join(rows).encode("utf-16")


# The days from year 1 to 1970 in microseconds, and the end of a day.
DOTNET_US, LATE_US = 62_135_596_800_000_000, 86_399_900_000
BALABIT_SEQS = [i + sum(i > left_out for left_out in (5, 12, 17)) for i in range(24)]
ATTENTIVE_SEQS = [1 + i + i // 8 for i in range(24)]
TIMES = pa.array([START_US + p.ms * 1000 for p in POINTS], pa.timestamp("us", "UTC"))

SHAPES = [
    # Encodings, delimiters, decimals.
    Shape("plain.csv", plain(), one()),
    Shape("bom.csv", plain(encoding="utf-8-sig"), one()),
    Shape("utf16.csv", plain(encoding="utf-16"), one()),
    Shape("utf16_le.csv", plain(encoding="utf-16-le"), one()),
    Shape("utf16_be.csv", plain(encoding="utf-16-be"), one()),
    Shape("utf16_tabs.txt", plain(delimiter="\t", encoding="utf-16"), one()),
    Shape("windows_1252.csv", text("Zeit,x,y,Größe", lambda p: (p.ms, p.x, p.y, "für"),
          encoding="cp1252"), one()),
    Shape("semicolons_german.csv", text(
        "time,x,y", lambda p: (german(p.ms / 1000), german(p.x), german(p.y)), points=HALVES,
        delimiter=";", end="\r\n", encoding="utf-8-sig"), one(HALVES)),
    Shape("whole_numbers_first.csv", text(
        "t,x,y", lambda p: (p.ms, f"{p.x},5" if p.ms > 100 else p.x, p.y), delimiter=";"),
        one([p._replace(x=p.x + 0.5 * (p.ms > 100)) for p in POINTS])),
    Shape("pipes.txt", plain(delimiter="|"), one()),
    Shape("spaces.txt", plain(delimiter=" "), one()),
    Shape("aligned_spaces.txt", b"time     x     y\n" + b"".join(
        f"{p.ms / 1000:<8g} {p.x:>5g} {p.y:>5g}  \n".encode() for p in POINTS), one()),
    Shape("carriage_returns.csv", plain(end="\r"), one()),
    Shape("all_quoted.csv", b'"time","x","y"\n' + b"".join(
        f'"{p.ms / 1000}","{p.x}","{p.y}"\n'.encode() for p in POINTS), one()),
    Shape("thousands_english.csv", text(
        "time,x,y", lambda p: (f"{p.ms:,}", f"{p.x + 1000:,}", f"{p.y:,.2f}")),
        one([p._replace(x=p.x + 1000) for p in POINTS])),
    Shape("thousands_german.csv", text(
        "time,x,y", lambda p: (p.ms, f"{p.x + 1000:,}".replace(",", "."), german(p.y)),
        points=[p._replace(y=p.y + 0.25) for p in POINTS], delimiter=";"),
        one([p._replace(x=p.x + 1000, y=p.y + 0.25) for p in POINTS])),
    Shape("packed.csv.gz", gzip.compress(plain()), one()),
    # Headers.
    Shape("comments.csv", plain(before="# a recording\n# of a mouse\n\n"), one()),
    Shape("preamble.csv", plain(before="Experiment: 7\nDate;20.11.2026\n\n"), one()),
    Shape("savetxt.txt", plain("", before="# time x y\n", delimiter=" "), one()),
    Shape("excel_sep.csv", plain(before="sep=;\n", delimiter=";"), one()),
    Shape("row_names_of_r.txt", b"t x y\n" + b"".join(
        f'"{i}" {p.ms} {p.x} {p.y}\n'.encode() for i, p in enumerate(POINTS, 1)), one()),
    Shape("index_of_pandas.csv", b",t,x,y\n" + b"".join(
        f"{i},{p.ms},{p.x},{p.y}\n".encode() for i, p in enumerate(POINTS)), one()),
    Shape("case_and_spaces.csv", b"Timestamp, X, Y\n" + plain("", delimiter=","), one()),
    Shape("units_in_names.csv", in_ms("Time (ms),X [px],Y [px]"), one()),
    Shape("row_of_units.csv", plain("time,x,y").replace(b"y\n", b"y\ns,px,px\n", 1), one()),
    Shape("dom_names.csv", text("timeStamp,clientX,clientY,pageX,pageY", lambda p: (
        p.ms, p.x, p.y - 50, p.x, p.y)), one()),
    Shape("other_positions.csv", text("time,target_x,target_y,mouse.x,mouse.y", lambda p: (
        p.ms / 1000, 7, 7, p.x, p.y)), one()),
    Shape("no_header.csv", in_ms("", START_MS), dated()),
    Shape("columns_by_number.txt", text("", lambda p: (p.x, p.y, 1, p.ms), delimiter=" "), one(),
          Options(columns={"time": "4", "x": "1", "y": "2"})),
    Shape("a_delimiter_at_the_end.csv", b"t;x;y\n" + b"".join(
        f"{p.ms};{p.x};{p.y};\n".encode() for p in POINTS), one()),
    Shape("the_header_again.csv", plain() .replace(b"0.08,", b"time,x,y\n0.08,"), one()),
    Shape("header_in_spanish.csv", long_trials("participante,ensayo,condición,tiempo_ms,x,y"),
          people("participante"), trials=4),
    Shape("header_in_german.csv", long_trials("Teilnehmer,Durchgang,Bedingung,Zeit (ms),X-Wert,"
          "Y-Wert").replace(b",", b";"), people("Teilnehmer"), trials=4),
    Shape("header_in_chinese.csv", in_ms("时间,x,y", encoding="utf-16"), one()),
    Shape("unicode_text_of_excel.txt", text(
        "Temps,Souris X,Souris Y,Cible X,Cible Y",
        lambda p: (german(p.ms / 1000), german(p.x), german(p.y), 7, 7), points=HALVES,
        delimiter="\t", end="\r\n", encoding="utf-16"), one(HALVES)),
    Shape("ends_with_comments_and_sums.csv", plain(end="\r\n") + b"# end of the recording\r\n,,\r\n"
          b"N/A,135.5,377.5\r\n", one()),
    # Times.
    Shape("ticks_of_dotnet.csv", text("Timestamp,x,y", lambda p: (
        (START_US + DOTNET_US) * 10 + p.ms * 10_000, p.x, p.y)),
        one(start_us=START_US + DOTNET_US)),
    Shape("said_ticks.csv", text("t,x,y", lambda p: (p.ms * 10_000, p.x, p.y)), one(),
          Options(time_unit="100ns")),
    Shape("over_midnight.csv", text("time,x,y", lambda p: (
        (START.replace(hour=0) + timedelta(microseconds=LATE_US, milliseconds=p.ms))
        .strftime("%H:%M:%S.%f"), p.x, p.y)), one(start_us=LATE_US)),
    Shape("microseconds.csv", text("t,x,y", lambda p: (p.ms * 1000, p.x, p.y)), one()),
    Shape("nanoseconds.csv", text("t,x,y", lambda p: (
        START_US * 1000 + p.ms * 1_000_000, p.x, p.y)), dated()),
    Shape("epoch_seconds.csv", text("t,x,y", lambda p: (f"{START_US / 1e6 + p.ms / 1e3:.3f}", p.x,
          p.y)), dated()),
    Shape("epoch_ms.csv", in_ms("timestamp,x,y", START_MS), dated()),
    Shape("said_unit.csv", text("t,x,y", lambda p: (p.ms / 8, p.x, p.y)),
          one([p._replace(ms=p.ms / 8) for p in POINTS]), Options(time_unit="ms")),
    Shape("iso.csv", text("utc,x,y", lambda p: (clock(p, "%Y-%m-%dT%H:%M:%S.%fZ"), p.x, p.y)),
          dated()),
    Shape("no_zone.csv", text("when,x,y", lambda p: (clock(p, "%Y-%m-%d %H:%M:%S.%f"), p.x, p.y)),
          dated()),
    Shape("of_berlin.csv", text("when,x,y", lambda p: (
        clock(p, "%Y-%m-%d %H:%M:%S.%f", "Europe/Berlin"), p.x, p.y)), dated(),
          Options(timezone=ZoneInfo("Europe/Berlin"))),
    Shape("log_of_python.txt", text("asctime,x,y", lambda p: (
        clock(p, "%Y-%m-%d %H:%M:%S,%f"), p.x, p.y), delimiter=";").replace(b"asctime", b"time"),
          dated()),
    Shape("german_dates.csv", text("Zeit,x,y", lambda p: (clock(p, "%d.%m.%Y %H:%M:%S,%f"), p.x,
          p.y), delimiter=";"), dated()),
    Shape("american_dates.csv", text("time,x,y", lambda p: (clock(p, "%m/%d/%Y %I:%M:%S.%f %p"),
          p.x, p.y)), dated()),
    Shape("compact_dates.csv", text("time,x,y", lambda p: (clock(p, "%Y%m%d%H%M%S%f"), p.x, p.y)),
          dated()),
    Shape("said_format.csv", text("time,x,y", lambda p: (clock(p, "%d %b %Y %H.%M.%S.%f"), p.x,
          p.y)), dated(), Options(time_format="%d %b %Y %H.%M.%S.%f")),
    Shape("date_and_time.csv", text("Datum,Zeit,x,y", lambda p: (
        "20.11.2026", clock(p, "%H:%M:%S,%f"), p.x, p.y), delimiter=";"), dated()),
    Shape("time_of_day.csv", text("time,x,y", lambda p: (clock(p, "%H:%M:%S.%f"), p.x, p.y)),
          one(start_us=36_000_000_000)),
    Shape("deltas.csv", text("time_delta,x,y", lambda p: (8 if p.ms else 0, p.x, p.y)), one(),
          Options(time_is_delta=True)),
    Shape("deltas_of_rows_left_out.csv", text("dt,type,x,y", lambda p: (
        8 if p.ms else 0, "scroll" if p.ms == 80 else "move", p.x, p.y)),
        one([p for p in POINTS if p.ms != 80], seqs=[i for i in range(24) if i != 10]),
        Options(time_is_delta=True)),
    Shape("few_late_rows.csv", text("t,x,y", lambda p: (p.ms, p.x, p.y), points=[
        *POINTS[:9], *POINTS[10:13], POINTS[9], *POINTS[13:]]),
        one(seqs=[*range(9), 12, *range(9, 12), *range(13, 24)])),
    Shape("newest_first.csv", in_ms(points=POINTS[::-1]), one(seqs=range(23, -1, -1))),
    # Rows.
    Shape("balabit.csv", balabit(), one(seqs=BALABIT_SEQS)),
    Shape("attentive_cursor.csv", attentive(), {"cursor 0": samples(
        start_us=START_US, seqs=ATTENTIVE_SEQS)}),
    Shape("missing.csv", text("t,x,y", lambda p: (
        p.ms, {80: "NA", 88: "", 96: "null", 104: "."}.get(p.ms, p.x), p.y)),
        one([p for p in POINTS if not 80 <= p.ms <= 104],
            seqs=[i for i in range(24) if not 10 <= i <= 13])),
    Shape("pandas_floats.csv", text("time,x,y,seq,enter", lambda p: (
        clock(p, "%Y-%m-%dT%H:%M:%S.%fZ"), float(p.x), float(p.y), p.ms / 8 + 5,
        float(p.ms == 0))), dated(seqs=range(5, 29), enters=[0])),
    Shape("flags.csv", text("time,x,y,enter", lambda p: (
        p.ms / 1000, p.x, p.y, "WAHR" if p.ms == 16 else "FALSCH")), one(enters=[2])),
    Shape("only_moves.csv", text("t,state,x,y", lambda p: (
        p.ms, "Moved" if p.ms % 16 else "Held", p.x, p.y)),
        one(POINTS[1::2], seqs=range(1, 24, 2)), Options(only={"State": ["moved"]})),
    Shape("dropped.csv", text("t,x,y", lambda p: (p.ms, *((0, 0) if p.ms == 80 else p[1:]))),
          one([p for p in POINTS if p.ms != 80], seqs=[i for i in range(24) if i != 10]),
          Options(drop_positions=[(0, 0)])),
    Shape("two_mice_said_to_be_one.csv", text("t,hand,x,y", lambda p: (
        p.ms, p.ms % 16, p.x + 100 * (p.ms % 16), p.y)),
        one([p._replace(x=p.x + 100 * (p.ms % 16)) for p in POINTS]),
        Options(columns={"pointer": "-"})),
    Shape("normalised.csv", text("time,x,y", lambda p: (p.ms / 1000, p.x / 1024, -p.y / 512)),
          one(), Options(scale=(1024, 512), flip_y=True)),
    # JSON.
    Shape("array.json", as_json(objects()), one()),
    Shape("array_pretty.json", as_json(objects(), indent=1), one()),
    Shape("objects.ndjson", lines(objects()), one()),
    Shape("nested.ndjson", lines({"ts": START_MS + p.ms, "data": {"pos": {"x": p.x, "y": p.y}}}
                                 for p in POINTS), dated()),
    Shape("said_nested.json", as_json([
        {"at": p.ms, "a": {"x": p.x, "y": p.y}, "b": {"x": 1, "y": 1}} for p in POINTS]), one(),
        Options(columns={"time": "at", "x": "a.x", "y": "a.y"})),
    Shape("arrays.ndjson", lines([p.ms, p.x, p.y] for p in POINTS), one(),
          Options(columns={"time": "1", "x": "2", "y": "3"})),
    Shape("columns.json", as_json(columns()), one()),
    Shape("inside.json", as_json({"version": 2, "screen": [1920, 1080], "samples": objects()}),
          one()),
    Shape("people_inside.json", as_json({"study": 7, "sessions": [
        {"user": "a", "events": objects()}, {"user": "b", "events": objects()}]}), {
        "sessions.user a": samples(), "sessions.user b": samples(seqs=range(24, 48))}),
    Shape("lists_inside.json", as_json({"subject": "s", "trials": [
        {"trial": trial, "mouse": columns(points)} for _, trial, points in TRIALS[:2]]}),
        {"subject s": laid_out(0)}, trials=2),
    Shape("batches.ndjson", lines({"user": "a", "events": objects(POINTS[i : i + 6])}
          for i in range(0, 24, 6)), {"user a": samples()}),
    Shape("by_key.json", as_json({"p1": objects(), "p2": objects()}), {
        "(key) p1": samples(), "(key) p2": samples(seqs=range(24, 48))}),
    Shape("pandas_split.json", as_json({"columns": ["t", "x", "y"], "index": list(range(24)),
          "data": [list(p) for p in POINTS]}), one()),
    Shape("pandas_columns.json", as_json({name: {str(i): cell for i, cell in enumerate(cells)}
          for name, cells in columns().items()}), one()),
    Shape("pandas_index.json", as_json({str(i): row for i, row in enumerate(objects())}), one()),
    Shape("nan_of_python.json", as_json([*objects(POINTS[:23]), {"t": 300, "x": float("nan"),
          "y": 1}]), one(POINTS[:23])),
    # Parquet and Arrow.
    Shape("table.parquet", parquet(columns()), one()),
    Shape("timestamps.parquet", parquet({**columns(), "t": TIMES}), dated()),
    Shape("nested.parquet", parquet({"t": columns()["t"], "pos": [
        {"x": float(p.x), "y": float(p.y)} for p in POINTS]}), one()),
    Shape("table.feather", feather(columns()), one()),
    # Trials and people.
    Shape("long_trials.csv", long_trials("participant,trial,condition,time_ms,x,y"),
          people("participant"), trials=4),
    Shape("long_trials_mousetrap.csv", long_trials(
        "subject_nr,mt_id,Condition,timestamps,xpos,ypos"), people("subject_nr"), trials=4),
    Shape("said_groups.csv", long_trials("who,run,condition,time_ms,x,y"), people("who"),
          Options(group_by=("who", "run")), trials=4),
    Shape("said_trials.csv", long_trials("who,part,condition,time_ms,x,y"), people("who"),
          Options(columns={"participant": "who", "trial": "part"}), trials=4),
    Shape("brackets.csv", wide_trials(json.dumps), people("subject_nr"), trials=4),
    Shape("bare_lists.csv", wide_trials(lambda cells: ", ".join(map(str, cells))),
          people("subject_nr"), trials=4),
    Shape("lists_by_semicolon.csv", wide_trials(lambda cells: ";".join(map(str, cells))),
          people("subject_nr"), trials=4),
    Shape("lists_of_numpy.csv", wide_trials(lambda cells: f"[{' '.join(map(str, cells))}]"),
          people("subject_nr"), trials=4),
    Shape("lists.json", as_json([{"subject": person, "trial": trial, **columns(points)}
          for person, trial, points in TRIALS]), people("subject"), trials=4),
    Shape("mousetracker_wide.csv", (
        "subject,trial," + ",".join(f"{axis}_{i}" for axis in "XYT" for i in range(1, 7)) + "\n"
        + "".join(
            ",".join(map(str, [person, trial, *(p[i] for i in (1, 2, 0) for p in points)])) + "\n"
            for person, trial, points in TRIALS)).encode(), people("subject"), trials=4),
    Shape("jspsych.json", as_json(jspsych(list)), {"": laid_out(0)}, trials=2),
    Shape("jspsych.csv", jspsych_csv(), {"": laid_out(0)}, trials=2),
    Shape("psychopy.csv", psychopy(), {"participant p07": laid_out(0)},
          Options(scale=(1000, 1000), flip_y=True), trials=2),
    Shape("begaze.txt", begaze(), one(start_us=9_000_000_000, seqs=range(0, 48, 2))),
    Shape("gazepoint.csv", text(
        "CNT,TIME(2026/11/20 10:00:00.000),FPOGX,FPOGY,CX,CY,LPD",
        lambda p: (p.ms / 8, p.ms / 1000, 0.5, 0.5, p.x / 1024, p.y / 512, 21.5)), one(),
        Options(columns={"x": "CX", "y": "CY"}, scale=(1024, 512))),
    Shape("tobii.tsv", tobii(), {"Participant name P01": samples(seqs=range(1, 48, 2))}),
]  # fmt: skip
