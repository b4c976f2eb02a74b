"""Files that are refused: each with its refusal, and the option that helps, if any."""

import gzip
from typing import NamedTuple

from analytics.recordings import Options
from analytics.tests.recording_shapes import (
    POINTS,
    START_MS,
    TRIALS,
    as_json,
    clock,
    columns,
    in_ms,
    lines,
    long_trials,
    objects,
    parquet,
    plain,
    text,
)
from core.api.file_formats import TORN


class Doubt(NamedTuple):
    """A file, the options for it, and parts of the refusal's text and advice."""

    name: str
    content: bytes
    text: str
    advice: str = ""
    options: Options = Options()


def stacked(times: int = 2) -> bytes:
    """Write the same movement several times, with nothing that distinguishes the copies."""
    rows = [f"{p.ms},{p.x + 300 * i},{p.y}" for i in range(times) for p in POINTS]
    return "\n".join(["t,x,y", *rows]).encode()


def side_by_side() -> bytes:
    """Write two pointers in alternating rows, with a column of unknown name for the pointer."""
    rows = [f"{p.ms},{p.x + 500 * i},{p.y},{'ab'[i]}" for p in POINTS for i in range(2)]
    return "\n".join(["t,x,y,hand", *rows]).encode()


def interleaved() -> bytes:
    """Write two pointers in alternating rows of different times."""
    rows = [f"{p.ms + 3 * i},{p.x + 500 * i},{p.y},{'ab'[i]}" for p in POINTS for i in range(2)]
    return "\n".join(["t,x,y,hand", *rows]).encode()


UNEVEN = [8, 9, 7, 8, 17, 8, 8, 16, 7, 9, 8, 8, 24, 8, 9, 8, 7, 8, 8, 9, 16, 8, 8, 7]
SLASHES = "%d/%m/%Y %H:%M:%S.%f"
AMBIGUOUS = text("t,x,y", lambda p: (clock(p, SLASHES).replace("20/11", "03/04"), p.x, p.y))

DOUBTS = [
    # Files of other kinds.
    Doubt("empty.csv", b"", "is empty"),
    Doubt("blank.csv", b" \n\n", "is empty"),
    Doubt("header_alone.csv", b"t,x,y\n", "holds no samples"),
    Doubt("book.xlsx", b"PK\x03\x04 and so on", "a workbook", "save it as CSV"),
    Doubt("book.xls", b"\xd0\xcf\x11\xe0 and so on", "Excel workbook (xls)", "CSV UTF-8"),
    Doubt("page.html", b"<!DOCTYPE html><p>0,1,2", "HTML or XML"),
    Doubt("data.db", b"SQLite format 3\0", "SQLite"),
    Doubt("zeros.bin", b"1,2,3\0\0\0\0\0\0,4" * 9, "zero bytes"),
    Doubt("prose.txt", b"Tomorrow\nand\ntomorrow\n", 'no table is found in it; it begins with "'),
    Doubt("torn.csv.gz", gzip.compress(plain() * 50)[:-30], "truncated or damaged"),
    Doubt("torn.parquet", parquet(columns())[:-20], "Parquet", "is the file whole?"),
    Doubt("torn.json", as_json(objects())[:-40], "is no JSON", "is the file whole?"),
    Doubt("torn_line.csv", plain()[:-11], "line 25, the last, breaks off"),
    Doubt("torn_export.csv", plain() + f"error: {TORN}\r\n".encode(), "the export broke off here"),
    Doubt("torn_export.ndjson", lines([*objects(), {"error": TORN}]), f"line 25: {TORN}"),
    Doubt("wrong_encoding.csv", plain("Größe,x,y", encoding="cp1252"), "is not utf-8",
          "--encoding", Options(encoding="utf-8")),
    Doubt("no_encoding.csv", plain(), "no encoding klingon", "latin-1",
          Options(encoding="klingon")),
    # Columns.
    Doubt("no_names.csv", plain("a,b,c"), "no column is certain to be time, x and y; the file has:"
          " a, b, c", "--columns time=NAME,x=NAME,y=NAME"),
    Doubt("no_time.csv", plain("a,x,y"), "certain to be time; the file has: a, x, y",
          "--columns time=NAME"),
    Doubt("no_y.csv", plain("t,x,b"), "certain to be x and y", "--columns x=NAME,y=NAME"),
    Doubt("two_pairs.csv", text("t,left_hand_x,left_hand_y,a_x,a_y,b_x,b_y", lambda p: (
        p.ms, *p[1:] * 3)), "certain to be x and y"),
    Doubt("no_header.csv", in_ms(""), "no header that says which column is time, x and y; the first"
          " row: 0, 100, 400", "--columns time=1,x=2,y=3"),
    Doubt("four_without_header.csv", text("", lambda p: (START_MS + p.ms, 1, p.x, p.y)),
          "no header", "--columns time=1,x=2,y=3"),
    Doubt("no_such_column.csv", plain(), "no column when; the file has: time, x, y", "",
          Options(columns={"time": "when"})),
    Doubt("two_such_columns.json", as_json([{"t": p.ms, "a": {"x": 1, "y": 2}, "b": {"x": 3}}
          for p in POINTS]), "x may be any of the columns a.x, b.x", "",
          Options(columns={"x": "x", "y": "a.y"})),
    Doubt("two_lists.json", as_json({"mouse": objects(), "eye": objects()} | {"n": 1}),
          "several lists in it hold positions: mouse, eye", "--columns x=mouse.x,y=mouse.y"),
    Doubt("numbers.json", as_json([1, 2, 3, 4]), 'holds "1" where an object'),
    Doubt("two_mice_of_one_name.csv", text("t,x,y,x,y", lambda p: (*p, p.x + 9, p.y)),
          "x and x.2 are two columns of one name", "--columns x=NAME,y=NAME"),
    Doubt("two_mice_of_pandas.csv", text("t,x,y,x.1,y.1", lambda p: (*p, p.x + 9, p.y)),
          "x and x.1 are two columns of one name", "--columns x=NAME,y=NAME"),
    Doubt("point_of_regard.txt", text("Time,L POR X [px],L POR Y [px]", lambda p: p,
          delimiter="\t"), "no column is certain to be x and y"),
    Doubt("beside_a_pupil.csv", text("t,x,y,Pupil diameter left [mm]", lambda p: (*p, 3.1)),
          "x and y may be where an eye looks: beside them is Pupil diameter", "--columns x=x,y=y"),
    # Cells.
    Doubt("cells_too_narrow.csv", text("t,x,y", lambda p: (
        "########" if p.ms > 100 else p.ms, p.x, p.y)).replace(b",", b";"),
        'line 15, column t: "########" is no time'),
    Doubt("wide.csv", plain() + b"0.2,wide,7\n", 'line 26, column x: "wide" is no number',
          "--drop x=…"),
    Doubt("noon.csv", b"t,x,y\nnoon,1,2\n0.1,1,2\n0.2,3,4\n", 'line 2, column t: "noon" is no time',
          "--time-format"),
    Doubt("long_cell.csv", plain() + b"0.2," + b"long " * 50 + b",7\n",
          '"long long long long long long long long…" is no number'),
    Doubt("half.ndjson", lines([*objects(), {"t": 200, "x": 1, "y": 2, "seq": 3.7}]),
          'line 25, column seq: "3.7" is no whole number', "--columns seq=-"),
    Doubt("negative.csv", text("t,x,y,seq", lambda p: (*p, p.ms / 8 - 1)),
          'line 2, column seq: "-1.0" is not between 0', "--columns seq=-"),
    Doubt("maybe.csv", text("t,x,y,enter", lambda p: (*p, "maybe" if p.ms == 16 else "no")),
          'line 4, column enter: "maybe" is neither', "--columns enter=-"),
    Doubt("true_x.ndjson", lines([*objects(), {"t": 200, "x": True, "y": 2}]),
          'line 25, column x: "True" is no number'),
    Doubt("mixed_decimals.csv", plain(delimiter=";") + b"0,5;1;2\n",
          'column time: "0,5" is no number'),
    Doubt("thousands_or_decimals.txt", text("t,x,y", lambda p: (p.ms, "1,100", "2,200"),
          delimiter="\t"), "a comma may mark decimals or thousands", "--decimal"),
    Doubt("decimal_commas_unquoted.csv", b"t,x,y\n" + b"".join(
        f"{p.ms},{p.x},5,{p.y},5\n".encode() for p in POINTS), "more cells than the header",
        "--delimiter"),
    Doubt("lists_of_two_lengths.csv", b'trial,t,x,y\n1,"[0, 8]","[1, 2]","[3, 4]"\n'
          b'2,"[0, 8]","[1]","[3, 4]"\n', "line 3: t has 2 values, x 1, y 2"),
    Doubt("some_lists.csv", b'trial,t,x,y\n1,0,"[1, 2]","[3, 4]"\n2,8,"[1, 3]","[3, 4]"\n',
          "some of time, x and y hold lists, but t does not"),
    # Times.
    Doubt("minutes.csv", text("Time (min),x,y", lambda p: (p.ms / 5000, p.x, p.y)),
          "says that times are in min", "--time-unit"),
    Doubt("frames.csv", text("time_frames,x,y", lambda p: (p.ms / 4, p.x, p.y)),
          "says that times are in frames", "--time-unit"),
    Doubt("microseconds_or_ticks.csv", text("t,x,y", lambda p: (p.ms * 10_000, p.x, p.y)),
          "microseconds or ticks of 100 ns: the usual step is 80000", "--time-unit 100ns"),
    Doubt("whole_seconds.csv", text("time,ms,x,y", lambda p: (
        clock(p, "%H:%M:%S"), p.ms, p.x, p.y)), "ms may hold the fractions", "join the two"),
    Doubt("counts.csv", text("t,x,y", lambda p: (p.ms / 8, p.x, p.y)), "they count rows",
          "--time-unit s, ms, us or ns"),
    Doubt("seconds_by_name.csv", in_ms("time_s,x,y"), "milliseconds", "--time-unit"),
    Doubt("days_of_excel.csv", text("t,x,y", lambda p: (46346.4 + p.ms / 86_400_000, p.x, p.y)),
          "the unit of the times is in doubt", "--time-unit"),
    Doubt("slow_or_fast.csv", text("t,x,y", lambda p: (p.ms * 0.3125, p.x, p.y)),
          "the unit of the times is in doubt: the usual step is 2.5", "--time-unit"),
    Doubt("digits_cut_off.csv", text("t,x,y", lambda p: ("1.79531E+12", p.x, p.y)),
          "hardly ever rises", "a spreadsheet has cut"),
    Doubt("half_steps.csv", text("t,x,y", lambda p: (p.ms / 16, p.x, p.y), points=[
        p._replace(ms=8 * i) for i, p in enumerate(POINTS * 40)]), "in doubt", "--time-unit"),
    Doubt("uptime_or_epoch.csv", in_ms(start=START_MS // 1000), "may be seconds or milliseconds",
          "--time-unit"),
    Doubt("day_or_month.csv", AMBIGUOUS, "may be a day and a month", "--time-format '%d/%m/%Y"),
    Doubt("some_dates.ndjson", lines([*objects(), {"t": "2026-11-20T10:00:00Z", "x": 1, "y": 2}]),
          "some times have a date and some have none"),
    Doubt("steps.csv", text("time_delta,x,y", lambda p: (8 if p.ms else 0, p.x, p.y)),
          "hardly ever rises", "--time-is delta"),
    Doubt("uneven_steps.csv", text("t,x,y", lambda p: (UNEVEN[int(p.ms) // 8], p.x, p.y)),
          "sorting would move", "--time-is delta"),
    # Several pointers.
    Doubt("stacked.csv", stacked(), "sorting would move 23 rows of 48", "--columns trial="),
    Doubt("short_trial_last.csv", stacked(1) + b"\n" + b"\n".join(
        f"{p.ms},{p.x + 300},{p.y}".encode() for p in POINTS[:3]), "sorting would move 3 rows"),
    Doubt("short_trial_after_a_long_one.csv", "\n".join(["t,x,y", *(
        f"{8 * i + i % 3 + k / 10},{i % 700},{300 * k}" for k, n in enumerate((200, 9))
        for i in range(n))]).encode(), "sorting would move 9 rows"),
    Doubt("side_by_side.csv", side_by_side(), "rows are of several pointers", "--group-by hand"),
    Doubt("interleaved.csv", interleaved(), "jumps whenever hand changes", "--group-by hand"),
    Doubt("trials_of_two.csv", long_trials("a,trial,condition,time_ms,x,y"),
          "sorting would move", "--group-by a"),
    Doubt("people_alone.csv", long_trials("participant,b,condition,time_ms,x,y"),
          "sorting would move", "trial=b"),
    Doubt("trials_at_once.csv", "\n".join(["trial,t,x,y", *(
        f"{trial},{START_MS + p.ms},{p.x + 100 * trial},{p.y}"
        for person, trial, points in TRIALS[:2] for p in points)]).encode(), "overlap in time",
        "--columns trial=-"),
    Doubt("one_identity.csv", text("t,x,y,seq", lambda p: (80 if p.ms in (80, 88) else p.ms, p.x,
          p.y, 5)), "lines 12 and 13 have one time and one seq", "--columns seq=-"),
    # Positions.
    Doubt("normalised.csv", text("t,x,y", lambda p: (p.ms, p.x / 1920, p.y / 1080)),
          "shares of a screen", "--scale 1920,1080"),
    Doubt("in_mm.csv", text("t,x (mm),y (mm)", lambda p: p), "in mm, not in px", "--scale N"),
    Doubt("corner.csv", text("t,x,y", lambda p: (p.ms, *((0, 0) if p.ms in (80, 120) else p[1:]))),
          "jumps to 0,0 and back 2 times", "--drop=0,0"),
    Doubt("every_second_row.csv", text("t,x,y", lambda p: (
        p.ms, *((-1, -1) if p.ms % 16 else p[1:]))), "jumps to -1,-1 and back 11 times",
        "--drop=-1,-1"),
    Doubt("a_mark_of_two_values.csv", text("t,x,y", lambda p: (
        p.ms, *((0, -1) if p.ms == 80 else p[1:]))), "jumps to 0,-1 and back 1 time",
        "--drop=0,-1"),
    Doubt("a_mark_of_its_own.csv", text("t,x,y", lambda p: (
        p.ms, *((-250, 77) if p.ms in (40, 80, 88, 120) else p[1:]))),
        "jumps to -250,77 and back 3 times", "--drop=-250,77"),
    Doubt("units_of_a_digitizer.csv", text("t,x,y", lambda p: (p.ms, 300 * (p.x - 90), 20 * p.y)),
          "more than a screen is wide", "--scale 0.0293,0.0165"),
    Doubt("percents.csv", text("t,x,y", lambda p: (p.ms, p.x / 3 + 0.01, p.y / 5 + 0.01)),
          "percents of a screen?", "--scale 19.2,10.8"),
    Doubt("all_missing.csv", text("t,x,y", lambda p: (p.ms, "NA", "NA")), "no row is left"),
    # Refused only with --strict.
    Doubt("strict_missing.csv", plain() + b"0.2,NA,7\n", "line 26: x is missing", "--strict",
          Options(strict=True)),
    Doubt("strict_late.csv", in_ms(points=[*POINTS[:5], POINTS[6], POINTS[5], *POINTS[7:]]),
          "time goes back", "--strict", Options(strict=True)),
    Doubt("strict_65535.csv", plain() + b"0.2,65535,65535\n", "position 65535,65535 is none",
          "--strict", Options(strict=True)),
]  # fmt: skip
