"""Bytes of disk per stored event, index included, in a closed and packed chunk.

Batches of many pointers arrive in turn, as in operation; then the hourly job's packing runs.
"""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from tqdm import tqdm

from analytics.ingest.batch import decode_batch
from analytics.ingest.store import store_batch, to_sent
from analytics.upkeep.packing import pack
from benchmarks.database import own_database, run
from benchmarks.load import Sender, body
from benchmarks.table import Row
from dashboard.instances.browsers import log_on
from dashboard.instances.tokens import WriteToken

TUPLE_AND_KEY = 56 + 16
TO_REACH = 100
SIZE = """
select hypertable_size('analytics_pointerpositionevent'),
       (select count(*) from analytics_pointerpositionevent),
       current_setting('timescaledb.license'),
       hypertable_size('analytics_pointerscene') / (select count(*) from analytics_pointerscene)
"""
MINUTE_EVENTS, MINUTE_SCENES = 3600, 10


def measure(*, browsers: int = 50, batches: int = 100, size: int = 15) -> list[Row]:
    """Return the row; each browser's batches arrive in turn, a quarter second of 60 Hz each."""
    now = datetime.now(UTC)
    day = (now - timedelta(days=3)).replace(hour=0, minute=0, second=0, microsecond=0)
    with own_database():
        ids = [log_on(now=now).instance_id for _ in range(browsers)]
        for batch in tqdm(range(batches), desc="storage", unit="batch", disable=None):
            for instance_id in ids:
                _store(instance_id, int(day.timestamp() * 1000), batch, size, now)
        run("vacuum analyze analytics_pointerpositionevent, analytics_pointerscene")
        ((taken, events, licence, scene_bytes),) = run(SIZE)
        if len(pack(now=now)) != 1:
            raise RuntimeError("the chunk was not packed: too few events, or see the log")
        ((packed, *_),) = run(SIZE)
    minute = MINUTE_EVENTS * packed / events
    return [
        Row(
            "bytes an event",
            "bytes of disk for an event, index included, once its chunk is closed and packed",
            "56 B of tuple + 16 B of key",
            packed / events,
            float(TO_REACH),
            unit="B",
            low=True,
            note=f"{packed / events / TUPLE_AND_KEY:.2f} × of 72 B; a chunk is packed a day after"
            f" its day is over, until then an event takes {taken / events:.0f} B; compressed: "
            f"{'not measured' if licence == 'timescale' else f'not with the licence {licence}'}",
        ),
        Row(
            "bytes with scenes",
            f"bytes of disk for a minute of movement with {MINUTE_SCENES} scenes",
            f"without scenes, {MINUTE_EVENTS:,} events",
            (minute + MINUTE_SCENES * scene_bytes) / minute,
            1.02,
            low=True,
            note=f"{minute / 1000:.0f} kB without scenes; a scene takes {scene_bytes:.0f} B",
        ),
    ]


def _store(instance_id: UUID, base_ms: int, batch: int, size: int, now: datetime) -> None:
    content = body(Sender(str(instance_id), "", base_ms), batch * size, size, scenes=1)
    store_batch(to_sent(decode_batch(content), WriteToken(instance_id, version=1), "", now=now))
