"""Instances of recordings get labels that people understand: the file's or the user's."""

from argparse import ArgumentParser
from pathlib import Path

import pytest

from analytics.management.beside_samples import add_beside, with_beside
from analytics.management.sending_files import Job
from analytics.recordings import Options, read_file

ID = "0b9f0a52-6c1c-4a5e-9d3c-5f0f3c1e7a11"


def labels(path: Path, *arguments: str) -> list[str]:
    parser = ArgumentParser(exit_on_error=False)
    add_beside(parser)
    reading = read_file(path, Options())
    assert not reading.is_refused
    jobs = [Job(reading, recording) for recording in reading.recordings]
    options = vars(parser.parse_args(list(arguments)))
    return [job.beside.label for job in with_beside(jobs, options)]


@pytest.fixture
def recorded(tmp_path: Path):
    def recorded(*people: str, name: str = "participant") -> Path:
        path = tmp_path / "recorded.csv"
        rows = [[who, n * 8, n * 3, n] for who in people or [""] for n in range(20)]
        table = [[name, "time", "x", "y"], *rows]
        first = 0 if people else 1
        path.write_text("\n".join(",".join(map(str, row[first:])) for row in table))
        return path

    return recorded


def test_the_files_participants_are_the_labels(recorded) -> None:
    assert labels(recorded("7", "8")) == ["participant 7", "participant 8"]


def test_a_file_without_participants_and_an_id_give_no_label(recorded) -> None:
    assert labels(recorded()) == [""]
    assert labels(recorded(ID, name="instance_id")) == [""]


def test_the_users_label_comes_first_and_tells_several_apart(recorded) -> None:
    assert labels(recorded(), "--label", "kiosk") == ["kiosk"]
    assert labels(recorded("7"), "--label", "kiosk") == ["kiosk"]
    assert labels(recorded("7", "8"), "--label", "study") == [
        "study, participant 7",
        "study, participant 8",
    ]


def test_a_label_has_at_most_a_hundred_characters_that_print(recorded) -> None:
    (label,) = labels(recorded("7\x01" + "a" * 200))
    assert label == ("participant 7" + "a" * 200)[:100]
    for wrong in ("a" * 101, "a\nb"):
        with pytest.raises(Exception, match="at most 100 characters"):
            labels(recorded(), "--label", wrong)


def test_an_exported_label_comes_before_the_others(recorded, tmp_path: Path) -> None:
    people = tmp_path / "people.csv"
    people.write_text(f"instance_id,label\n{ID},hall 2\n")
    path = recorded(ID, name="instance_id")
    assert labels(path, "--with", str(people), "--label", "x") == ["hall 2"]
