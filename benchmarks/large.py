"""The effect of a hundred million stored events on a chart's query, and on ingest."""

import statistics

from tqdm import tqdm

from benchmarks import series
from benchmarks.ingest import Bench
from benchmarks.stage import Stage, stage
from benchmarks.table import Row

# Four weeks of fifty browsers that pause at night, in the order of arrival.
DAY = """
insert into analytics_pointerpositionevent (browser_id, time, x, y, seq, enter)
select b.id, now() - interval '1 day' * %s + i * interval '8 ms',
       960 + 800 * sin(i / 37.0 + b.id), 540 + 500 * cos(i / 23.0 + b.id), i, false
from (select id from dashboard_browser order by id limit 50) b
cross join lateral generate_series(0, %s - 1 + 0 * b.id) i
"""
DAYS = 28


def measure(*, rows: int = 100_000_000, rounds: int = 5, seconds: float = 5) -> list[Row]:
    """Return the rows; it uses about 10 GB of disk."""
    return [_series(rows), _ingest(rows, rounds, seconds)]


def _series(rows: int) -> Row:
    figures = series.measure(rows=rows)
    return Row(
        "series large",
        f"series query, 1 M → {figures.rows / 1e6:.0f} M raw events",
        "itself",
        figures.ratio,
        series.TO_REACH,
        low=True,
    )


def _ingest(rows: int, rounds: int, seconds: float) -> Row:
    with stage() as empty, stage() as full:
        few, many = Bench(empty), Bench(full)
        _fill(full, rows)
        ratios = []
        for _ in tqdm(range(rounds), desc="ingest", unit="round", disable=None):
            small, large = (
                bench.over_http("service", size=30, seconds=seconds)[0] for bench in (few, many)
            )
            ratios.append(large.events_per_second / small.events_per_second)
    return Row(
        "ingest large",
        f"ingest at {rows / 1e6:.0f} M stored events",
        "at 0",
        statistics.median(ratios),
        0.9,
    )


def _fill(full: Stage, rows: int) -> None:
    for day in tqdm(range(DAYS), desc=f"{rows:,} events", unit="day", disable=None):
        full.sql(DAY, (DAYS + 1 - day, rows // DAYS // 50))
    full.sql("vacuum analyze analytics_pointerpositionevent")
