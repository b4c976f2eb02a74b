"""Ends write tokens with their samples: tokens of long silent instances become void."""

import logging
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection

logger = logging.getLogger(__name__)

# One statement then takes some tenths of a second.
MOST = 1000
# For instances whose last known use of a token is before the cutoff: a later sample becomes the
# last use; without one, the tokens end. Locks: the instances' rows, in the mode of an update, which
# does not block a batch; rows that a log-on or an erasure holds wait for the next run. A log-on
# that came first is seen, because PostgreSQL rechecks a locked row. If a batch commits after the
# snapshot, its samples are stored, and its sender logs on anew, as it would have done a moment
# later.
END = """
with silent as materialized (
    select browser.id, (
        select event.time from analytics_pointerpositionevent event
        where event.browser_id = browser.id and event.time >= %(cutoff)s
        order by event.time desc limit 1
    ) as last
    from dashboard_browser browser where browser.token_used_at < %(cutoff)s
    limit %(most)s for no key update of browser skip locked
), looked_at as (
    update dashboard_browser browser set
        token_used_at = silent.last,
        token_version = browser.token_version + case when silent.last is null then 1 else 0 end
    from silent where browser.id = silent.id
    returning silent.last is null as has_ended
)
select count(*), count(*) filter (where has_ended) from looked_at
"""


def end_silent_tokens(*, now: datetime) -> int:
    """End the tokens of instances without log-on or movement in the raw retention.

    Returns the number of these instances. Their pages get 401 and log on as new instances; an ended
    token may still erase (dashboard/instances/erasing.py). An extra or a concurrent run does
    nothing.
    """
    cutoff = now - timedelta(days=settings.RAW_RETENTION_DAYS)
    looked_at, ended = MOST, 0
    with connection.cursor() as cursor:
        while looked_at == MOST:
            cursor.execute(END, {"cutoff": cutoff, "most": MOST})
            looked_at, count = cursor.fetchone()
            ended += count
    if ended:
        logger.info("the tokens of %s silent instances have ended", ended)
    return ended
