"""Write tokens end with the samples: those of instances that have long been silent become void."""

import logging
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection

logger = logging.getLogger(__name__)

# So that one statement takes some tenths of a second.
MOST = 1000
# Of instances whose token was not used since the cutoff, as far as is known: where there is a later
# sample, that is the last use; where there is none, the tokens end.
# Locks: the instances' rows, as an update does, which a batch does not wait for; one that a log-on
# or an erasure holds is left to the next run. A log-on that was first is seen, because PostgreSQL
# looks at a locked row again. Of a batch that commits after the snapshot the samples are stored,
# and its sender has to log on anew, as it would have had a moment later.
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
    """Make the tokens of instances void that have neither logged on nor moved in the raw retention.

    Returns how many instances that were. Their pages get 401 and log on as new instances; an ended
    token may still erase (dashboard/instances/browsers.py). A run too many, or beside another, does
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
