"""Exported scenes, marks and labels are read back and sent beside samples."""

from pathlib import Path
from typing import Any

import pytest

from analytics.reading.events import EVENTS
from analytics.reading.export import INSTANCE, INSTANCE_COLUMNS
from analytics.reading.scenes import MARKS, SCENES, UNDER_POINTER
from analytics.recordings import Beside, has_scenes, read_exported
from analytics.recordings.playback.batches import with_scenes
from analytics.tests.pointers import NOW, NOW_US
from analytics.tests.scenery import Mark, Scene, moment
from core.api.file_formats import FORMATS, TORN, Column

ONE, OTHER = "0b9f0a52-6c1c-4a5e-9d3c-5f0f3c1e7a11", "11111111-1111-4111-8111-111111111111"
SCENE = Scene(NOW_US + 125, 17, 1279.3334, 720.0, 1280.0, 5200.0, 0.0, 640.25, 1.5, "pen", '=a,\n"')
WIRE = {
    "us": NOW_US + 125,
    "seq": 17,
    "viewport": [1279.3334, 720.0],
    "document": [1280.0, 5200.0],
    "scroll": [0.0, 640.25],
    "pixel_ratio": 1.5,
    "pointer": "pen",
    "page": '=a,\n"',
}
DATA = {"trial": 3, "=x": ["é", None, 0.5], "'": "'"}


def written(folder: Path, kind: str, name: str, columns: tuple[Column, ...], rows: list) -> Path:
    path = folder / f"{name}.{kind}"
    path.write_bytes(b"".join(FORMATS[kind].write(columns, [rows])))
    return path


def row_of(instance: str, row: Scene | Mark) -> tuple:
    return (instance, moment(row.time), *row[1:])


@pytest.mark.parametrize("kind", FORMATS)
def test_each_format_gives_the_same_again(tmp_path: Path, kind: str) -> None:
    scenes = [row_of(ONE, SCENE), row_of(OTHER, SCENE._replace(time=NOW_US, page=None))]
    marks = [row_of(ONE, Mark(NOW_US, n, name, DATA)) for n, name in ((2, "'a"), (1, "@b"))]
    people = [(ONE, "=kiosk", "", NOW, None), (OTHER, "", "", NOW, NOW)]
    found = read_exported(
        [
            written(tmp_path, kind, "scenes", (INSTANCE, *SCENES.columns), scenes),
            written(tmp_path, kind, "marks", (INSTANCE, *MARKS.columns), marks),
            written(tmp_path, kind, "people", INSTANCE_COLUMNS, people),
        ]
    )
    bare = {name: value for name, value in WIRE.items() if name != "page"}
    if kind == "parquet":
        for beside in found.values():
            for scene in beside.scenes:
                scene["viewport"] = [round(value, 4) for value in scene["viewport"]]
    assert found == {
        ONE: Beside(
            [WIRE],
            [
                {"us": NOW_US, "seq": 1, "name": "@b", "data": DATA},
                {"us": NOW_US, "seq": 2, "name": "'a", "data": DATA},
            ],
            "=kiosk",
        ),
        OTHER: Beside([{**bare, "us": NOW_US}]),
    }


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("instance_id,time,x,y\na,2026-11-23T12:00:00Z,1,2\n", "row 1: these are samples"),
        ("time,seq,name,data\n2026-11-23T12:00:00Z,1,a,{}\n", "row 1: has no 'instance_id'"),
        (f"instance_id,time,seq,name,data\r\nerror: {TORN}\r\n", "row 1: "),
        (f'{{"error":"{TORN}"}}\n', "row 1: has no 'instance_id'"),
        ("instance_id,time,seq,name,data\na,noon,1,b,{}\n", "row 1: a time is RFC 3339"),
        ("instance_id,time,seq,name,data\na,1,x,b,{}\n", "row 1: invalid literal"),
        ("instance_id,time,seq,name,data\na,1,1,b,{\n", "row 1: Expecting property name"),
    ],
)
def test_another_or_a_torn_file_is_refused_with_its_row(
    tmp_path: Path, content: str, complaint: str
) -> None:
    path = tmp_path / "file"
    path.write_text(content, newline="")
    with pytest.raises(ValueError, match="file, row") as refused:
        read_exported([path])
    assert complaint in str(refused.value)


COLUMNS = (*EVENTS.columns, *UNDER_POINTER)


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("named", [True, False])
def test_samples_with_their_scenes_give_each_change_once(
    tmp_path: Path, kind: str, named: bool
) -> None:
    other = (*SCENE[2:-1], "/other")
    under = [(None,) * len(UNDER_POINTER), SCENE[2:], SCENE[2:], other, SCENE[2:]]
    rows = [(moment(NOW_US + n), 1.0, 2.0, n, False, *one) for n, one in enumerate(under)]
    if named:
        path = written(tmp_path, kind, "a", (INSTANCE, *COLUMNS), [(ONE, *row) for row in rows])
    else:
        path = written(tmp_path, kind, "a", COLUMNS, rows)
    assert has_scenes(path)
    (beside,) = (found := read_exported([path])).values()
    assert list(found) == [ONE if named else ""]
    pages = [(scene["us"] - NOW_US, scene["seq"], scene["page"]) for scene in beside.scenes]
    assert pages == [(1, 1, SCENE.page), (3, 3, "/other"), (4, 4, SCENE.page)]
    assert beside.scenes[0]["scroll"] == [0.0, 640.25]


def test_other_files_have_no_scenes(tmp_path: Path) -> None:
    samples = [(moment(NOW_US), 1.0, 2.0, 0, False)]
    scenes = [(moment(NOW_US), *SCENE[1:])]
    assert not has_scenes(written(tmp_path, "csv", "samples", EVENTS.columns, samples))
    assert not has_scenes(written(tmp_path, "csv", "scenes", SCENES.columns, scenes))
    for content in (b"", b"\x1f\x8b\x08", b"{", b"PAR1", b"a\xff,b\n", b"x,y\n", b"[1]"):
        path = tmp_path / "odd"
        path.write_bytes(content)
        assert not has_scenes(path)
    assert not has_scenes(tmp_path / "absent")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="absent: No such file"):
        read_exported([tmp_path / "absent"])


def items(count: int, every_us: int) -> list[dict[str, Any]]:
    return [{"us": n * every_us, "seq": n} for n in range(count)]


def test_each_batch_has_what_lies_up_to_its_last_sample_and_the_rest_follows() -> None:
    batches = [[{"time": 0.0}, {"time": 10.0}], [{"time": 20.0}]]
    beside = Beside(items(230, 100), items(3, 10_000))
    bodies = list(with_scenes(batches, beside, 0))
    assert [len(body["events"]) for body in bodies] == [2, 0, 1, 0]
    assert [len(body.get("scenes", ())) for body in bodies] == [100, 1, 100, 29]
    assert [len(body.get("marks", ())) for body in bodies] == [2, 0, 1, 0]
    times = [scene["time"] for body in bodies for scene in body.get("scenes", ())]
    assert times == [n / 10 for n in range(230)]


def test_times_are_shifted_as_those_of_samples() -> None:
    (body,) = with_scenes([[{"time": 3.5}]], Beside(items(2, 500)), 3000)
    assert [scene["time"] for scene in body["scenes"]] == [3.0, 3.5]


def test_without_anything_beside_them_batches_stay_as_they_were() -> None:
    assert list(with_scenes([[{"time": 1.0}]], Beside(), 0)) == [{"events": [{"time": 1.0}]}]
