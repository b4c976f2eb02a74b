"""Bytes of disk for each stored event, index included, as batches of many pointers come in."""

from datetime import UTC, datetime
from uuid import UUID

from tqdm import tqdm

from analytics.batches import decode_batch
from analytics.ingest import store_batch
from benchmarks.database import own_database, run
from benchmarks.load import Sender, body
from benchmarks.table import Row
from dashboard.browsers import log_on
from dashboard.tokens import WriteToken

TUPLE_AND_KEY = 56 + 16
TO_REACH = 100
SIZE = """
select hypertable_size('analytics_pointerpositionevent'),
       (select count(*) from analytics_pointerpositionevent),
       current_setting('timescaledb.license')
"""
CHUNKS = "select show_chunks('analytics_pointerpositionevent')"


def measure(*, browsers: int = 50, batches: int = 100, size: int = 15) -> list[Row]:
    """Return the row; each browser's batches come in turn, a quarter second of 60 Hz each."""
    now = datetime.now(UTC)
    with own_database():
        ids = [log_on(now=now).instance_id for _ in range(browsers)]
        base_ms = int(now.timestamp() * 1000) - 86_400_000
        for batch in tqdm(range(batches), desc="storage", unit="batch", disable=None):
            for instance_id in ids:
                _store(instance_id, base_ms, batch, size, now)
        run("vacuum analyze analytics_pointerpositionevent")
        ((taken, events, licence),) = run(SIZE)
        for (chunk,) in run(CHUNKS):
            run(f"reindex table {chunk}")
        ((packed, _, _),) = run(SIZE)
    return [
        Row(
            "bytes an event",
            "bytes of disk for an event, index included",
            "56 B of tuple + 16 B of key",
            taken / events,
            float(TO_REACH),
            unit="B",
            low=True,
            note=f"{taken / events / TUPLE_AND_KEY:.2f} × of 72 B; after `REINDEX` of the chunk"
            f" {packed / events:.0f} B; compressed: "
            f"{'not measured' if licence == 'timescale' else f'not with the licence {licence}'}",
        )
    ]


def _store(instance_id: UUID, base_ms: int, batch: int, size: int, now: datetime) -> None:
    content = body(Sender(str(instance_id), "", base_ms), batch, size)
    token = WriteToken(instance_id, version=1)
    store_batch(token=token, batch=decode_batch(content), now=now)
