"""What goes beside recorded samples: exported scenes and marks, and labels for people."""

import re
from argparse import ArgumentTypeError, _ActionsContainer
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError

from analytics.management.sending_files import Job
from analytics.recordings import NOTHING, has_scenes, read_exported, to_marks

MAX_LABEL = 100
# An instance's id is no name for people.
ID = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}", re.IGNORECASE)


def add_beside(parser: _ActionsContainer) -> None:
    """Add the arguments for labels and for files of scenes and marks."""
    parser.add_argument(
        "--with",
        type=Path,
        action="append",
        default=[],
        dest="beside",
        metavar="FILE",
        help="a file of `export scenes`, `export marks` or `export instances` (for labels), "
        "sent beside the samples of the same instances; may be repeated",
    )
    parser.add_argument(
        "--study",
        help="the study of the files' trials (default: the name of each file without its suffix)",
    )
    parser.add_argument(
        "--label",
        type=_label,
        default="",
        help="a name for people; with several pointers, the name of each follows it. Without "
        "it, an instance is called as the file calls its participant",
    )


def with_beside(jobs: Sequence[Job], options: dict[str, Any]) -> list[Job]:
    """Add to each job what files say of its instance, its trials, and its label.

    CommandError if a file cannot be read, or has scenes or marks of an instance without a
    recording. One recording and one instance belong together even if the recording names none.
    Files of samples that have the columns of scenes give scenes too.
    """
    samples = dict.fromkeys(job.reading.findings.path for job in jobs)
    try:
        exported = read_exported([*filter(has_scenes, samples), *options["beside"]])
    except ValueError as error:
        raise CommandError(f"{error}. Nothing was sent.") from None
    label, study = options["label"], options["study"]
    matched = [_with_trials(job, study) for job in _matched(jobs, exported)]
    return [_labelled(job, label, len(jobs) > 1) for job in matched]


def _with_trials(job: Job, study: str | None) -> Job:
    """Add the marks of the file's trials to those of the exported files."""
    name = job.reading.findings.path.name.partition(".")[0] if study is None else study
    marks = [*job.beside.marks, *to_marks(job.recording, study=name)]
    return job._replace(
        beside=replace(job.beside, marks=sorted(marks, key=lambda one: (one["us"], one["seq"])))
    )


def _matched(jobs: Sequence[Job], exported: dict[str, Any]) -> list[Job]:
    if len(jobs) == len(exported) == 1:
        return [jobs[0]._replace(beside=next(iter(exported.values())))]
    names = [job.recording.label.rpartition(" ")[2] for job in jobs]
    for name in sorted(exported.keys() - set(names)):
        if exported[name].scenes or exported[name].marks:
            raise CommandError(f"no recording is of the instance {name}. Nothing was sent.")
    return [
        job._replace(beside=exported.get(name, NOTHING))
        for job, name in zip(jobs, names, strict=True)
    ]


def _labelled(job: Job, given: str, are_several: bool) -> Job:
    own = "" if ID.search(job.recording.label) else job.recording.label
    parts = [given, own if are_several or not given else ""]
    label = "".join(filter(str.isprintable, ", ".join(filter(None, parts))))[:MAX_LABEL]
    return job._replace(beside=replace(job.beside, label=job.beside.label or label))


def _label(text: str) -> str:
    if not text.isprintable() or len(text) > MAX_LABEL:
        raise ArgumentTypeError(f"at most {MAX_LABEL} characters that print")
    return text
