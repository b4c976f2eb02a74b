"""Columns of trials, conditions and responses become marks of trials, or refuse the file."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from analytics.recordings import Options, Reading, check, fingerprint, read_file, to_marks
from analytics.recordings.samples import RecordedTrial
from analytics.tests.pointers import NOW

HEADER = "participant,block,trial,condition,response,correct,time_ms,x,y"
# Participant, block, trial, condition, and what the last row says of the response.
TRIALS = [
    ("7", "1", "1", "congruent", "left", "true"),
    ("7", "1", "2", "incongruent", "right", "false"),
    ("8", "1", "1", "incongruent", "left", ""),
]


def lines(trials=TRIALS, *, answered: Sequence[int] = (3,)) -> list[str]:
    rows = []
    for *names, response, correct in trials:
        for i in range(4):
            answer = (response, correct) if i in answered else ("", "")
            rows.append([*names, *answer, i * 10, 100 + i, 50 - i])
    return [",".join(map(str, row)) for row in rows]


@pytest.fixture
def read(tmp_path: Path):
    def read(rows: list[str], header: str = HEADER, **options) -> Reading:
        path = tmp_path / "mt-1.csv"
        path.write_text("\n".join([header, *rows]))
        return read_file(path, Options(**options))

    return read


def refusals(reading: Reading) -> str:
    return " ".join(f"{one.text} -> {one.advice}" for one in reading.findings.refusals)


@pytest.mark.parametrize("answered", [range(4), (0,), (3,)])
def test_a_trial_has_what_its_rows_say(read, answered: Sequence[int]) -> None:
    reading = read(lines(answered=answered))
    assert not reading.is_refused, refusals(reading)
    seven, eight = reading.recordings
    assert (seven.label, eight.label) == ("participant 7", "participant 8")
    assert seven.named == [
        RecordedTrial("1", "1", "congruent", "left", True, 0, 3),
        RecordedTrial("2", "1", "incongruent", "right", False, 4, 7),
    ]
    assert eight.named == [RecordedTrial("1", "1", "incongruent", "left", None, 0, 3)]


def test_a_trial_is_marked_at_its_first_and_its_last_sample(read) -> None:
    seven, eight = read(lines()).recordings
    assert to_marks(eight, study="mt-1") == [
        {
            "us": eight.times_us[0],
            "seq": eight.seqs[0],
            "name": "trial:start",
            "data": {"study": "mt-1", "trial": "1", "block": "1", "condition": "incongruent"},
        },
        {
            "us": eight.times_us[3],
            "seq": eight.seqs[3],
            "name": "trial:end",
            "data": {"response": "left"},
        },
    ]
    marks = to_marks(seven, study="")
    assert [mark["name"] for mark in marks] == ["trial:start", "trial:end"] * 2
    assert marks[0]["data"] == {"trial": "1", "block": "1", "condition": "congruent"}
    assert marks[3]["data"] == {"response": "right", "correct": False}


def test_a_trial_of_one_sample_has_two_marks_with_two_keys(read) -> None:
    (seven,) = read(lines(TRIALS[:1])[:1] + lines(TRIALS[1:2])).recordings
    start, end = to_marks(seven, study="")[:2]
    assert (start["us"], end["us"], end["seq"] - start["seq"]) == (0, 0, 1)


def test_rows_without_a_trial_are_of_none(read) -> None:
    rows = [row.replace("7,1,1,", "7,1,NA,") for row in lines()]
    seven, _ = read(rows).recordings
    assert len(seven) == 8
    assert [trial.trial for trial in seven.named] == ["2"]


def test_groups_and_named_columns_are_trials_too(read) -> None:
    header = HEADER.replace("participant", "who").replace("trial", "item").replace(
        "condition", "kind of item"
    )  # fmt: skip
    columns = {"trial": "item", "condition": "kind of item"}
    seven, _ = read(lines(), header, columns=columns, group_by=["who", "block", "item"]).recordings
    assert [(one.trial, one.block, one.condition) for one in seven.named] == [
        ("1", "1", "congruent"),
        ("2", "1", "incongruent"),
    ]


def test_a_trial_a_row_without_a_name_is_called_by_its_number(read) -> None:
    rows = ['7,a,"[0, 8, 16]","[1, 2, 3]","[4, 5, 6]"', '7,b,"[0, 8, 16]","[1, 2, 3]","[4, 5, 7]"']
    reading = read(rows, "participant,condition,timestamps,xpos,ypos")
    assert not reading.is_refused, refusals(reading)
    assert [(one.trial, one.condition) for one in reading.recordings[0].named] == [
        ("1", "a"),
        ("2", "b"),
    ]


def test_two_conditions_in_one_trial_refuse_the_file_with_the_line(read) -> None:
    rows = lines()
    rows[2] = rows[2].replace("congruent", "neutral")
    reading = read(rows)
    assert reading.is_refused
    assert 'line 4, column condition: "neutral" is said of a trial that began with "congruent"' in (
        refusals(reading)
    )
    assert "--columns condition=-" in refusals(reading)
    assert not read(rows, columns={"condition": "-"}).is_refused


def test_of_several_responses_in_a_trial_the_last_one_counts(read) -> None:
    rows = lines(TRIALS[:1], answered=range(4))
    for i, response in enumerate(("left", "right", "left", "right")):
        rows[i] = rows[i].replace("left", response)
    reading = read(rows)
    assert not reading.is_refused
    assert reading.recordings[0].named[0].response == "right"
    told = "response changes within a trial: the last one counts"
    assert reading.findings.mended == {told: 3}
    assert read(rows, strict=True).is_refused


def test_what_no_mark_can_hold_refuses_the_file_with_the_line(read) -> None:
    rows = lines([TRIALS[0], ("7", "1", "2", "c" * 1100, "left", "")])
    reading = read(rows)
    check(reading, keeps_times=False, now=NOW)
    assert "line 6: what is said of this trial Expected at most 1024 bytes" in refusals(reading)


def test_a_trial_of_over_an_hour_is_noted(read) -> None:
    rows = [row.replace(",30,", ",3600031,") for row in lines(TRIALS[:1])]
    reading = read(rows, time_unit="ms")
    check(reading, keeps_times=False, now=NOW)
    assert "1 trial longer than an hour will not be measured." in reading.findings.facts["note"]


def test_the_fingerprint_is_of_all_that_is_stored(read) -> None:
    (plain,) = read(lines(TRIALS[:2])).recordings
    same = fingerprint(plain, keeps_times=False)
    assert fingerprint(read(lines(TRIALS[:2])).recordings[0], keeps_times=False) == same
    others = [
        fingerprint(plain, keeps_times=True),
        *(
            fingerprint(read(rows).recordings[0], keeps_times=False)
            for rows in (
                [row.replace("7,1,", "9,1,") for row in lines(TRIALS[:2])],
                [row.replace("right", "left") for row in lines(TRIALS[:2])],
                [row.replace(",103,", ",104,") for row in lines(TRIALS[:2])],
                lines(TRIALS[:1]),
            )
        ),
    ]
    assert len({same, *others}) == 6
