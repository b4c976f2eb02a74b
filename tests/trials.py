"""Studies for the tests of pages, as rows: trials that the drain would have stored."""

from typing import NamedTuple

from tests.heat import clear
from tests.service import Service

PEOPLE = """
insert into dashboard_browser (instance_id, is_active, logged_on_at, logged_off_at, token_version,
    label, away_since)
select gen_random_uuid(), false, now() - interval '3 hours', now() - interval '1 hour', 1,
    'participant ' || n, now() - interval '1 hour'
from generate_series(1, %s) n
"""
# Other tests of a service may have made people of the same names, so the newest of each counts.
# The second person's first trial is slow and resized, and the first person's second has a gap. Each
# path bends towards the other target: by little in the first condition, most in the last.
TRIALS = """
with person as (
    select distinct on (label) id, (substring(label from '[0-9]+$'))::int as number
    from dashboard_browser where label ~ '^participant [0-9]+$' order by label, id desc
), trial as (
    select person.id as browser_id, number as person, n,
        (n - 1) %% array_length(%(conditions)s::text[], 1) as c
    from person, generate_series(1, %(each)s) n where number <= %(people)s
), moved as (
    select *, 40 * c + 10 * sin(person) + 5 * cos(n) as bend,
        0.8 + 0.1 * c + 0.05 * sin(person * n) as rt,
        case when n %% 2 = 0 then 1 else -1 end as side
    from trial
)
insert into analytics_trial (browser_id, started_at, start_seq, ended_at, end_seq, state, study,
    trial, block, condition, response, correct, start_target, targets, samples, rt, mad, md_above,
    md_below, ad, auc, x_flips, y_flips, x_reversals, y_reversals, initiation_time, idle_time,
    hovers, hover_time, total_distance, velocity_max, acceleration_max, sample_rate, longest_gap,
    same_times, resized, path_x, path_y)
select browser_id, start, 0, start + rt * interval '1 second', 1,
    case when n = %(abandoned)s then 'abandoned' else 'ended' end,
    %(study)s, n, '1', (%(conditions)s::text[])[c + 1],
    case when side = 1 then 'right' else 'left' end,
    n %% 7 <> 0, '[360, 600, 80, 40]',
    case when %(pointing)s
        then jsonb_build_object('to', jsonb_build_array(360 + side * 320, 20, 80, 40))
        else '{"left": [40, 20, 80, 40], "right": [680, 20, 80, 40]}' end,
    (rt * 60)::int, rt, bend, greatest(bend, 0), least(bend, 0), bend / 2, bend * 400,
    n %% 3, 0, 1, 0, 0.1, 0.2, 0, 0, 700, 1500, 9000,
    case when person = 2 and n = 1 then 40 else 125 end,
    case when person = 1 and n = 2 then 0.25 else 0.016 end, 0, person = 2 and n = 1,
    (select array_agg(
        400 + side * (320.0 * k / 100 - bend * sin(pi() * k / 100)) + sin(person * n) * 4
        order by k) from generate_series(0, 100) k),
    (select array_agg(620 - 580.0 * k / 100 order by k) from generate_series(0, 100) k)
from moved, lateral (
    select now() - %(age)s::interval - (%(each)s - n) * interval '3 seconds' as start
) began
"""


class Seen(NamedTuple):
    """A study: its people, each one's trials, and how long ago its last trial began."""

    study: str
    people: int = 3
    each: int = 4
    conditions: tuple[str, ...] = ("congruent", "incongruent")
    age: str = "1 hour"
    # The number of the trial that each person abandoned; 0 for none.
    abandoned: int = 0
    # Whether a trial has one target, so that it has a throughput.
    pointing: bool = False


def show_studies(service: Service, studies: list[Seen]) -> None:
    """Replace all trials, instances and pages."""
    clear(service)
    add_people(service, max(seen.people for seen in studies))
    for seen in studies:
        add_trials(service, seen)


def add_people(service: Service, count: int) -> None:
    """Add instances, `participant 1` and on."""
    service.sql(PEOPLE, (count,))


def add_trials(service: Service, seen: Seen) -> None:
    """Add a study's trials, of people that `add_people` has made."""
    service.sql(TRIALS, {**seen._asdict(), "conditions": list(seen.conditions)})
