"""Finds the instances that fell silent, so that a reader of the list need not look at each.

Movement changes no instance. `Browser.last_known_at` is some moment when an instance was seen, at
first its log-on, so each present instance is looked at about every GONE_AFTER.
"""

from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from core.values.durations import FIRST_RUNG_MS
from dashboard.statuses.presence import GONE_AFTER

# One statement then takes some hundredths of a second.
MOST = 1000
# A drain that ran beside the last runs may not have seen that an instance was away.
OVERLAP = timedelta(minutes=2)

# For present instances that were not seen for long, as far as is known: a later movement becomes
# what is known; without one, they are away, and their last movement ends what is known. Locks: the
# instances' rows, in the mode of an update, which does not block a batch; rows that a log-on or an
# erasure holds wait for the next run. Snapshot: a drain may commit a movement after it. If the
# drain did not see the departure either, RETURN finds it.
LOOK = """
with silent as materialized (
    select id, (
        select time from dashboard_pointerstatus status
        where status.browser_id = browser.id and interval_ms = %(rung)s
            and time > %(gone_before)s and time <= %(now)s
        order by time desc limit 1
    ) as moved_at
    from dashboard_browser browser where away_since is null and last_known_at <= %(gone_before)s
    order by last_known_at limit %(most)s for no key update skip locked
), looked_at as (
    update dashboard_browser browser set
        last_known_at = greatest(last_known_at, coalesce(moved_at, (
            select time from dashboard_pointerstatus status
            where status.browser_id = browser.id and interval_ms = %(rung)s
                and time <= %(gone_before)s
            order by time desc limit 1
        ))),
        away_since = case when moved_at is null then %(now)s::timestamptz end
    from silent where browser.id = silent.id
    returning away_since is not null as has_gone
)
select count(*), count(*) filter (where has_gone) from looked_at
"""
# Locks: the rows of instances that moved soon after they were found gone. A drain may hold them, to
# do the same.
RETURN = """
with moved as materialized (
    select id from dashboard_browser browser
    where is_active and away_since > %(recently)s and (
        select time from dashboard_pointerstatus status
        where status.browser_id = browser.id and interval_ms = %(rung)s
            and time > %(gone_before)s and time <= %(now)s
        limit 1
    ) is not null
    for no key update skip locked
)
update dashboard_browser set away_since = null where id in (select id from moved)
"""
# Locks: the rows that it replaces by their sum; of two at once, the second skips what the first
# took. Snapshot: readers see either the rows or their sum.
SUM_UP = """
with summed as (
    delete from dashboard_browsercount where id in (
        select id from dashboard_browsercount for update skip locked
    ) returning every, present
)
insert into dashboard_browsercount (every, present)
select sum(every), sum(present) from summed having count(*) > 0
"""


def note_departures(*, now: datetime) -> int:
    """Find the instances that have gone, and sum up the counts of instances.

    Returns how many have gone. An extra or a concurrent run does nothing.
    """
    parameters: dict[str, Any] = {
        "now": now,
        "gone_before": now - GONE_AFTER,
        "recently": now - OVERLAP,
        "rung": FIRST_RUNG_MS,
        "most": MOST,
    }
    looked_at, gone = MOST, 0
    with connection.cursor() as cursor:
        while looked_at == MOST:
            cursor.execute(LOOK, parameters)
            looked_at, count = cursor.fetchone()
            gone += count
        cursor.execute(RETURN, parameters)
        cursor.execute(SUM_UP)
    return gone
