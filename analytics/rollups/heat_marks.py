"""The marks of heat in the outbox, which the ladder leaves on its way.

Heat is drained once its bucket is over, so its marks wait for minutes. The first rung would leave
one for each of its many drains. The highest rung of at most a minute leaves few, and every change
of samples reaches it.
"""

from django.conf import settings

# The outbox's `rung` of changed samples, and of new scenes, from which on samples are joined anew.
HEAT, SCENES = -1, -2
# analytics/migrations/unmapped.sql repeats it.
LONGEST_SOURCE_MS = 60_000

# A new sample also changes the dwell of the one before, perhaps in an earlier bucket. Its segment's
# end, the sample after, has a changed status of its own.
HEAT_MARKS = """, heat as (
    select browser_id, min(time) as since, max(time) + %(interval)s as until from changed
    where exists (select from dashboard_pagevisit visit where visit.browser_id = changed.browser_id)
    group by browser_id, time_bucket('5 minutes', time)
), heat_mark as (
    insert into analytics_dirtyrange (browser_id, since, until, rung)
    select browser_id, since, until - interval '1 microsecond', -1 from heat
    union all
    select heat.browser_id, before.at, before.at, -1
    from heat cross join lateral analytics_sample_before(heat.browser_id, heat.since) before
    where before.at < time_bucket('5 minutes', heat.since)
)"""


def leaves_heat_marks(rung: int) -> bool:
    """Return whether the drain of a rung (ms) leaves the marks of heat."""
    return rung == max(one for one in settings.RUNGS_MS if one <= LONGEST_SOURCE_MS)
