"""What a large study costs: the answer that its page draws, and its export in each format.

100 participants have done 100 trials each, half of them in each of two conditions; all as the drain
of trials would have stored them.
"""

import time
from collections.abc import Callable

import msgspec

from analytics.pages.study_numbers import read_study
from analytics.studies.trial_list import COLUMNS, TrialFilters, page_trials
from benchmarks.database import START, own_database, run
from benchmarks.table import Row
from core.api.file_formats import FORMATS

PEOPLE, EACH = 100, 100
PAGE_SECONDS, EXPORT_SECONDS, ROUNDS = 1.0, 5.0, 5
STUDY = "mt-1"

FILL = """
insert into dashboard_browser (instance_id, is_active, logged_on_at, token_version, label)
select gen_random_uuid(), false, %(start)s, 1, 'participant ' || n
from generate_series(1, %(people)s) n
"""
# Paths bend by a half sine, more in one condition, and end near the target.
TRIALS = """
insert into analytics_trial (browser_id, started_at, start_seq, ended_at, end_seq, state, study,
    trial, block, condition, response, correct, start_target, targets, samples, rt, mad, mad_time,
    md_above, md_below, ad, auc, x_flips, y_flips, x_reversals, y_reversals, initiation_time,
    idle_time, hovers, hover_time, total_distance, velocity_max, velocity_max_time,
    acceleration_max, sample_entropy, sample_rate, longest_gap, same_times, resized, path_x, path_y)
select b.id, began, 0, began + rt * interval '1 second', 1, 'ended', %(study)s, n, n / 20,
    case when n %% 2 = 0 then 'congruent' else 'incongruent' end, 'left', n %% 9 <> 0,
    '[600, 640, 80, 40]', '{"to": [0, 0, 160, 90]}', 60, rt, bend, rt / 2, bend, 0, bend / 2,
    bend * 400, n %% 4, n %% 3, 1, 0, rt / 9, rt / 5, n %% 2, rt / 7, 900 + bend, 2000 * random(),
    rt / 2, 30000 * random(), random(), 50 + 80 * random(), 0.12 * random(), 0, random() < 0.01,
    (select array_agg(640 - 560.0 * k / 100 + bend * sin(pi() * k / 100) + aside order by k)
     from generate_series(0, 100) k),
    (select array_agg(660 - 600.0 * k / 100 + aside * k / 100 order by k)
     from generate_series(0, 100) k)
from dashboard_browser b, generate_series(1, %(each)s) n
cross join lateral (
    select %(start)s + (b.id * 1000 + n * 5) * interval '1 second' as began,
        0.6 + random() as rt, 80 * random() + 60 * (n %% 2) as bend, 30 * random() as aside
) made
"""


def measure() -> list[Row]:
    """Return the rows."""
    filters = TrialFilters(study=STUDY)
    with own_database():
        run(FILL, {"start": START, "people": PEOPLE})
        run(TRIALS, {"start": START, "each": EACH, "study": STUDY})
        run("vacuum analyze analytics_trial")
        page = min(_seconds(lambda: _answer(filters)) for _ in range(ROUNDS))
        size = len(_answer(filters))
        files = {name: _seconds(lambda name=name: _export(filters, name)) for name in FORMATS}
    slowest = max(files, key=lambda name: files[name])
    return [
        Row(
            "study page",
            f"the figures of a study of {PEOPLE} × {EACH} trials",
            f"{PAGE_SECONDS:.0f} s",
            page,
            PAGE_SECONDS,
            unit="s",
            low=True,
            note=f"{size / 1000:.0f} kB of JSON",
        ),
        Row(
            "study export",
            f"an export of {PEOPLE} × {EACH} trials",
            f"{EXPORT_SECONDS:.0f} s",
            files[slowest],
            EXPORT_SECONDS,
            unit="s",
            low=True,
            note=", ".join(f"{name} {seconds:.2f} s" for name, seconds in files.items()),
        ),
    ]


def _answer(filters: TrialFilters) -> bytes:
    return msgspec.json.encode(read_study(filters=filters, known=""))


def _export(filters: TrialFilters, name: str) -> None:
    for _ in FORMATS[name].write(COLUMNS, page_trials(filters=filters)):
        pass


def _seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


if __name__ == "__main__":
    from benchmarks.table import to_text

    rows = measure()
    print(to_text(rows))
    print("\n".join(f"{row.key}: {row.note}" for row in rows))
