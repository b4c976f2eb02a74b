"""A map of a page: how long pointers were in each cell of it, never behind the samples.

Whole days come from PageHeat, edges from HeatStatus, and what is not mapped yet from samples, in
one statement and so of one snapshot. All times are whole µs, so it is the same from each of them.
"""

from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from analytics.maps.buckets import DAY_MS
from analytics.maps.selection import (
    Selection,
    conditions,
    to_parameters,
    whole_buckets,
)
from analytics.models import HeatStatus
from core.storage.replica import stale_connection

CELL_PX = 16
WIDTHS = (0, 480, 768, 1024, 1440, 1920)
US = 1_000_000

# Locks: none. Snapshot: one, so that marks, stored and fresh heat agree. Arrays stay packed until
# the width class is chosen. Cells come as two arrays in one row: a row for each takes 100 ms more.
MAP = """
with {fine_heat}, days as materialized (
    select heat.* from whole join analytics_pageheat heat on heat.time = whole.start
    where heat.page_id = %(page)s and {of_pointer}
        and heat.time >= %(since)s and heat.time < %(until)s
), fine_heat as (
    select browser_id, time_bucket('1 day', time) as day, width_class, pointer, events, dwell_us,
           cells, dwells, samples from stored
    union all
    select browser_id, time_bucket('1 day', time), width_class, pointer, events, dwell_us,
           cells, dwells, samples from fresh
), class as materialized (
    select width_class, sum(instances)::bigint as instances, sum(events)::bigint as samples,
           sum(dwell_us)::bigint as dwell_us
    from (
        select width_class, instances, events, dwell_us from days
        union all
        select width_class, count(distinct browser_id), sum(events), sum(dwell_us)
        from fine_heat group by width_class, day, pointer
    ) part group by width_class
), chosen as materialized (
    select coalesce(%(width)s, (
        select width_class from class order by dwell_us desc, width_class limit 1
    )) as width
)
select width_class, instances, samples, dwell_us, (select width from chosen),
       null::int[] as cells, null::bigint[] as values
from class
union all
select null, null, null, null, null, array_agg(cell order by cell), array_agg(value order by cell)
from (
    select cell, sum(value)::bigint as value from ({cells}) part group by cell
) total
"""
# One unnest over all rows, because a union of cells costs each cell another step.
OF_ARRAY = """
    select unnest(cells) as cell, unnest(amounts) as value from (
        select cells, {name}::{kind} as amounts
        from days where width_class = (select width from chosen)
        union all
        select cells, {name}::{kind}
        from fine_heat where width_class = (select width from chosen)
    ) packed
"""
OF_INSTANCES = """
    select unnest(cells) as cell, unnest(visitors)::bigint as value
    from days where width_class = (select width from chosen)
    union all
    select cell, count(distinct browser_id) from (
        select browser_id, day, pointer, unnest(cells) as cell
        from fine_heat where width_class = (select width from chosen)
    ) visit group by day, pointer, cell
"""


class Weight(StrEnum):
    """What a map shows of each cell: seconds, samples, or instances (distinct within a day)."""

    DWELL = "dwell"
    SAMPLES = "samples"
    INSTANCES = "instances"


CELLS_OF = {
    Weight.DWELL: OF_ARRAY.format(name="dwells", kind="bigint[]"),
    Weight.SAMPLES: OF_ARRAY.format(name="samples", kind="int[]"),
    Weight.INSTANCES: OF_INSTANCES,
}


class WidthClass(NamedTuple):
    """A width class: instances (each counts once a day and pointer type), samples, s."""

    width: int
    instances: int
    samples: int
    dwell: float


class PageMap(NamedTuple):
    """A map of one width class.

    It covers [since, until). `widths` are all classes with heat in the range, `width` is the one
    shown: None without any. `cells` are (column, row, value), by row and column; column 0 begins
    at the page's left edge, row 0 at its top. `total` is the sum of values.
    """

    since: datetime
    until: datetime
    width: int | None
    widths: list[WidthClass]
    total: float
    cells: list[tuple[int, int, float]]

    @property
    def shown(self) -> WidthClass | None:
        """The class that is shown, None if it has no heat."""
        return next((one for one in self.widths if one.width == self.width), None)


def read_map(*, selection: Selection, weight: Weight = Weight.DWELL) -> PageMap:
    """Return a page's map; without a width it is of the class with the most dwell.

    It may lag behind by the replica's delay. The selection's times may lie within buckets.
    """
    selection = whole_buckets(selection)
    statement = MAP.format(**conditions(selection), cells=CELLS_OF[weight])
    with stale_connection(HeatStatus).cursor() as cursor:
        cursor.execute(statement, to_parameters(selection, length_ms=DAY_MS))
        rows = cursor.fetchall()
    classes = sorted(row[:5] for row in rows if row[0] is not None)
    widths = [
        WidthClass(width, instances, samples, dwell / US)
        for width, instances, samples, dwell, _ in classes
    ]
    width = selection.width if not classes else classes[0][4]
    ((cells, values),) = [(row[5] or [], row[6] or []) for row in rows if row[0] is None]
    unit = US if weight is Weight.DWELL else 1
    return PageMap(
        selection.since,
        selection.until,
        width,
        widths,
        sum(values) / unit,
        [
            ((cell & 65535) - 32768, cell >> 16, value / unit)
            for cell, value in zip(cells, values, strict=True)
        ],
    )
