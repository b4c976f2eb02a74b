"""Repair of heat that a check found wrong: it is marked, and the drains store it anew."""

from collections.abc import Iterable
from datetime import datetime

from analytics.maps.heat_drain import drain_heat
from analytics.maps.page_drain import drain_pages
from analytics.maps.verify import HeatDifference
from analytics.models import DirtyPage, DirtyRange
from analytics.rollups import HEAT, shard_of


def repair_heat(*, differences: Iterable[HeatDifference], now: datetime) -> None:
    """Recompute the buckets of heat, and of pages, that differ.

    A day or hour of a page that is not over yet keeps its mark until it is; maps do not show it.
    """
    heat, pages = set(), set()
    for d in differences:
        if d.browser_id is None:
            pages.add((d.page_id, d.time, d.length_ms))
        else:
            heat.add((d.browser_id, d.time))
    DirtyRange.objects.bulk_create(
        DirtyRange(browser_id=browser_id, since=time, until=time, rung=HEAT)
        for browser_id, time in sorted(heat)
    )
    DirtyPage.objects.bulk_create(
        DirtyPage(page_id=page_id, since=time, length_ms=length_ms)
        for page_id, time, length_ms in sorted(pages)
    )
    for shard in sorted({shard_of(browser_id) for browser_id, _ in heat}):
        drain_heat(shard=shard, now=now)
    drain_pages(now=now)
