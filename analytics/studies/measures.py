"""Research measures of a pointer's movement in a range, computed from samples in one statement.

docs/metrics.md defines each measure and names its source.
"""

from typing import Any

from django.conf import settings

from analytics.models import PointerPositionEvent
from analytics.reading import Selection
from analytics.wire import Measured
from core.api.problems import FieldError, Invalid
from core.storage.replica import stale_connection

DEFAULT_PAUSE_MS = 250
# Half an hour of movement without a rest. This many took 2 to 3.3 s on two busy cores, and a
# statement may take five. Sorts go to disk, so that memory stays flat.
MAX_EVENTS = 100_000
# A stroke with a smaller dimensionless jerk has none: that is the rounding of float32 positions.
# The smoothest movement from rest to rest has 204.8.
LEAST_JERK = 1e-9

COUNT = """
select count(*) from (
    select from analytics_pointerpositionevent
    where browser_id = %(browser)s and time >= coalesce(%(since)s, '-infinity'::timestamptz)
      and time < coalesce(%(until)s, 'infinity'::timestamptz)
    limit %(most)s + 1
) event
"""

# Times are in whole microseconds as float8, so that their sums are exact. Each lag looks back in
# (time, seq); a row whose predecessor belongs to another visit or stroke ignores it.
MEASURE = """
with sample as (
    (select time, seq, x::float8, y::float8, enter from analytics_pointerpositionevent
     where browser_id = %(browser)s and time < coalesce(%(since)s, '-infinity'::timestamptz)
     order by time desc, seq desc limit 1)
    union all
    select time, seq, x::float8, y::float8, enter from analytics_pointerpositionevent
    where browser_id = %(browser)s and time >= coalesce(%(since)s, '-infinity'::timestamptz)
      and time < coalesce(%(until)s, 'infinity'::timestamptz)
), ordered as (
    select time, seq, x, y, enter or lag(time) over run is null as enters,
           time >= coalesce(%(since)s, '-infinity'::timestamptz) as inside,
           lead(time) over run is distinct from time or lead(enter) over run as last_of_its_time,
           x - lag(x) over run as dx, y - lag(y) over run as dy,
           round(date_part('epoch', time - lag(time) over run) * 1e6) as us
    from sample window run as (order by time, seq)
), segment as materialized (
    select *, sqrt(dx ^ 2 + dy ^ 2) as distance,
           count(*) filter (where enters) over (order by time, seq) as visit
    from ordered
), path as (
    select count(*) as events, count(*) filter (where enters) as entries,
           coalesce(sum(us) filter (where not enters), 0) as tracked,
           coalesce(sum(least(us, %(idle_gap)s)) filter (where not enters and distance > 0), 0)
               as moving,
           coalesce(sum(distance) filter (where not enters), 0) as length,
           coalesce(sum(dx) filter (where not enters), 0) as net_x,
           coalesce(sum(dy) filter (where not enters), 0) as net_y
    from segment where inside
), x_flip as (
    select count(*) filter (where sign * before < 0) as flips from (
        select sign(dx) as sign, lag(sign(dx)) over run as before
        from segment where inside and not enters and dx <> 0
        window run as (partition by visit order by time, seq)
    ) turn
), y_flip as (
    select count(*) filter (where sign * before < 0) as flips from (
        select sign(dy) as sign, lag(sign(dy)) over run as before
        from segment where inside and not enters and dy <> 0
        window run as (partition by visit order by time, seq)
    ) turn
), moment as (
    select time, seq, x, y, visit,
           visit = lag(visit) over run and x = lag(x) over run and y = lag(y) over run as repeated
    from segment where last_of_its_time window run as (order by time, seq)
), step as (
    select time, seq, visit is not distinct from lag(visit) over run as joined,
           round(date_part('epoch', time - lag(time) over run) * 1e6) as us,
           sqrt((x - lag(x) over run) ^ 2 + (y - lag(y) over run) ^ 2) as distance
    from moment where repeated is not true window run as (order by time, seq)
), pause as (
    select count(*) as pauses, coalesce(sum(us), 0) as us
    from step where joined and us > %(pause)s
), paced as materialized (
    select stroke, time, us, distance, distance / (us / 1e6) as speed from (
        select *, joined and us <= %(pause)s as moves,
               count(*) filter (where not joined or us > %(pause)s)
                   over (order by time, seq) as stroke
        from step
    ) numbered where moves
), accelerated as (
    select *, (speed - lag(speed) over run) / ((us + lag(us) over run) / 2e6) as acceleration,
           lag(us) over run as middle_us, us + lag(us) over run + lag(us, 2) over run as three_us
    from paced window run as (partition by stroke order by time)
), jerked as (
    select *, (acceleration - lag(acceleration) over run) / (three_us / 3e6) as jerk
    from accelerated window run as (partition by stroke order by time)
), stroke as (
    select sum(us) / 1e6 as duration, max(speed) as fastest,
           max(acceleration) as most, min(acceleration) as least,
           sum(jerk ^ 2 * middle_us) as square_jerk,
           sum(middle_us) filter (where jerk is not null) as jerk_us
    from jerked group by stroke
), strokes as (
    select count(*) as strokes, max(most) as most, min(least) as least,
           sqrt(sum(square_jerk) / sum(jerk_us)) as jerk_rms,
           percentile_cont(0.5) within group (order by -ln(roughness))
               filter (where roughness > %(least_jerk)s) as smoothness
    from (select *, duration ^ 4 * square_jerk / jerk_us / fastest ^ 2 as roughness
          from stroke) rough
), slower as (
    select us, distance, speed,
           sum(us) over (order by speed) as slower_us, sum(us) over () as all_us
    from paced
), velocity as (
    select coalesce(sum(us), 0) as us, sum(distance) / (sum(us) / 1e6) as mean,
           min(speed) filter (where slower_us * 100 >= all_us * 5) as p5,
           min(speed) filter (where slower_us * 100 >= all_us * 25) as p25,
           min(speed) filter (where slower_us * 100 >= all_us * 50) as p50,
           min(speed) filter (where slower_us * 100 >= all_us * 75) as p75,
           min(speed) filter (where slower_us * 100 >= all_us * 95) as p95,
           max(speed) as max
    from slower
)
select path.events, path.entries, path.tracked / 1e6, path.moving / 1e6, path.length,
       path.net_x, path.net_y, sqrt(path.net_x ^ 2 + path.net_y ^ 2),
       case when path.length > 0
            then least(sqrt(path.net_x ^ 2 + path.net_y ^ 2) / path.length, 1) end,
       x_flip.flips, y_flip.flips, pause.pauses, pause.us / 1e6, strokes.strokes, velocity.us / 1e6,
       velocity.mean, velocity.p5, velocity.p25, velocity.p50, velocity.p75, velocity.p95,
       velocity.max, strokes.most, strokes.least, strokes.jerk_rms, strokes.smoothness
from path, x_flip, y_flip, pause, strokes, velocity
"""


def measure(*, selection: Selection, pause_ms: int) -> Measured:
    """Measure a browser's pointer movement in a range; rests longer than `pause_ms` are pauses.

    Invalid (400) if the range holds more than MAX_EVENTS samples.
    """
    parameters = _parameters(selection, pause_ms)
    with stale_connection(PointerPositionEvent).cursor() as cursor:
        cursor.execute(COUNT, parameters)
        if cursor.fetchone()[0] > MAX_EVENTS:
            raise _too_many()
        cursor.execute(MEASURE, parameters)
        return Measured(*cursor.fetchone())


def _parameters(selection: Selection, pause_ms: int) -> dict[str, Any]:
    return {
        "browser": selection.browser_id,
        "since": selection.since,
        "until": selection.until,
        "pause": pause_ms * 1000,
        "idle_gap": settings.IDLE_GAP_MS * 1000,
        "least_jerk": LEAST_JERK,
        "most": MAX_EVENTS,
    }


def _too_many() -> Invalid:
    words = f"the range has more than {MAX_EVENTS} samples; measure a shorter one"
    return Invalid(
        "Some query parameters are not allowed.",
        errors=[FieldError("?since", "too_many_events", words)],
    )
