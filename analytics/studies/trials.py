"""Trials of one browser in a range: computed from marks, samples and scenes, and stored."""

from datetime import datetime, timedelta
from typing import Any

from analytics.models import PointerMark, Seal, Trial
from analytics.studies.normalised import normalise
from analytics.studies.pointing import Point
from analytics.studies.trajectory import Path
from analytics.studies.trial_aim import Aim, measure_aim
from analytics.studies.trial_marks import END, LONGEST, START, FoundTrial, TrialMark, find_trials
from analytics.studies.trial_measures import TrialMeasures, measure_trial
from analytics.studies.trial_paths import read_paths
from analytics.studies.trial_quality import find_resized, judge_samples
from analytics.studies.trial_targets import find_press
from dashboard.statuses.ladder import RAW

KEY = ("browser_id", "started_at", "start_seq")
COLUMNS = tuple(
    field.attname for field in Trial._meta.concrete_fields if field.attname not in (*KEY, "id")
)
# The scene of a sample is at most an hour older.
SCENE_AGE = timedelta(hours=1)


def unsealed() -> datetime | None:
    """Return since when trials may be made; samples or scenes of earlier ones may be gone."""
    seal = Seal.objects.filter(level=RAW).first()
    return seal.before + SCENE_AGE if seal else None


def compute_trials(*, browser_id: int, since: datetime, until: datetime) -> list[Trial]:
    """Return the trials that overlap [since, until] and are not sealed, unsaved, by their start."""
    rows = PointerMark.objects.filter(
        browser_id=browser_id,
        time__gte=since - LONGEST,
        time__lte=until + LONGEST,
        name__in=(START, END),
    ).order_by("time", "seq")
    marks = [TrialMark(*row) for row in rows.values_list("time", "seq", "name", "data")]
    begin = unsealed()
    found = [
        trial
        for trial in find_trials(marks)
        if trial.started_at <= until
        and trial.ended_at >= since
        and (begin is None or trial.started_at >= begin)
    ]
    paths = read_paths(browser_id=browser_id, trials=found)
    resized = find_resized(browser_id=browser_id, trials=found)
    return [_compute(browser_id, *one) for one in zip(found, paths, resized, strict=True)]


def stored_trials(*, browser_id: int, since: datetime, until: datetime) -> list[Trial]:
    """Return the stored trials that overlap [since, until] and are not sealed, by their start."""
    trials = Trial.objects.filter(
        browser_id=browser_id,
        started_at__gte=max(filter(None, (since - LONGEST, unsealed()))),
        started_at__lte=until,
        ended_at__gte=since,
    )
    return list(trials.order_by("started_at", "start_seq"))


def remake_trials(*, browser_id: int, since: datetime, until: datetime) -> int:
    """Make the trials that overlap [since, until] anew; return how many rows changed.

    The caller is the only writer of trials until the end of its transaction. A trial keeps its id.
    """
    stored = {
        key_of(one): one for one in stored_trials(browser_id=browser_id, since=since, until=until)
    }
    computed = {
        key_of(one): one for one in compute_trials(browser_id=browser_id, since=since, until=until)
    }
    gone = [one.pk for key, one in stored.items() if key not in computed]
    Trial.objects.filter(pk__in=gone).delete()
    changed = [
        one
        for key, one in computed.items()
        if key not in stored or values_of(one) != values_of(stored[key])
    ]
    Trial.objects.bulk_create(
        changed, update_conflicts=True, unique_fields=["browser", *KEY[1:]], update_fields=COLUMNS
    )
    return len(gone) + len(changed)


def key_of(trial: Trial) -> tuple[datetime, int]:
    """Return what tells a browser's trials apart: the key of the start mark."""
    return trial.started_at, trial.start_seq


def values_of(trial: Trial) -> dict[str, Any]:
    """Return all columns but the key."""
    return {name: getattr(trial, name) for name in COLUMNS}


def _compute(browser_id: int, found: FoundTrial, path: Path | None, resized: bool | None) -> Trial:
    end = (found.ended_at - found.started_at) / timedelta(seconds=1)
    measures = TrialMeasures(rt=end) if path is None else measure_trial(path, start=0.0, end=end)
    steps = normalise(path, start=0.0, end=end) if path else []
    aim = Aim()
    if path:
        columns = found.columns
        aim = measure_aim(
            path,
            end=find_press(columns["response"]) or Point(steps[-1].x, steps[-1].y),
            start_target=columns["start_target"],
            targets=columns["targets"],
        )
    return Trial(
        browser_id=browser_id,
        started_at=found.started_at,
        start_seq=found.start_seq,
        ended_at=found.ended_at,
        end_seq=found.end_seq,
        **found.columns,
        samples=None if path is None else len(path),
        **measures._asdict(),
        **aim._asdict(),
        **judge_samples(path or [])._asdict(),
        resized=resized,
        path_x=[step.x for step in steps] or None,
        path_y=[step.y for step in steps] or None,
    )
