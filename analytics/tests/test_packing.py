"""A closed chunk is packed, and only its size changes."""

from datetime import datetime, timedelta
from unittest import mock

from django.conf import settings
from django.db import IntegrityError, connection, transaction
from django.test import TransactionTestCase

from analytics.models import PointerPositionEvent
from analytics.tests.interleaving import Session, until_sessions_wait
from analytics.tests.pointers import NOW, new_browser, send, stored_samples
from analytics.upkeep import packing
from analytics.upkeep.packing import pack
from analytics.upkeep.retention import retain

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
BROWSERS, BATCHES, SIZE = 20, 100, 15
EVENTS = BROWSERS * BATCHES * SIZE
# In the order of arrival: a batch of each browser, then the next of each.
FILL = """
insert into analytics_pointerpositionevent (browser_id, time, x, y, seq, enter)
select b.id, %(start)s + i * interval '1 second' / 60, i, b.id, i, i = 0
from generate_series(0, %(batches)s - 1) batch, dashboard_browser b,
     generate_series(batch * %(size)s, (batch + 1) * %(size)s - 1) i
order by batch, b.id, i
"""
CHUNKS = """
select format('%%I.%%I', chunk_schema, chunk_name) from timescaledb_information.chunks
where hypertable_name = 'analytics_pointerpositionevent' and range_start <= %s and range_end > %s
"""
# All properties of each chunk's indexes, and the file, which differs after packing.
INDEXES = """
select i.relname, pg_get_indexdef(x.indexrelid), indisvalid, indisunique, conname,
       pg_relation_filenode(x.indexrelid)
from timescaledb_information.chunks
join pg_index x on indrelid = format('%I.%I', chunk_schema, chunk_name)::regclass
join pg_class i on i.oid = indexrelid
left join pg_constraint on conindid = indexrelid
where hypertable_name = 'analytics_pointerpositionevent' order by range_end, i.relname
"""
READ = "select count(*) from analytics_pointerpositionevent"
WRITE = """
insert into analytics_pointerpositionevent (browser_id, time, x, y, seq, enter)
select browser_id, time, x, y, -1, enter from analytics_pointerpositionevent where seq = 0
"""


def run(statement: str, parameters: object = None) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return cursor.fetchall() if cursor.description else []


def fill(day: datetime, *, batches: int = BATCHES, analyze: bool = True) -> str:
    """Store a day's samples of all browsers in the order of arrival; return the chunk's name."""
    run(FILL, {"start": day, "batches": batches, "size": SIZE})
    ((chunk,),) = run(CHUNKS, [day, day])
    # Only the tests' own work may count rows or hold locks.
    run(f"alter table {chunk} set (autovacuum_enabled = false)")
    if analyze:
        run(f"vacuum analyze {chunk}")
    return chunk


def bytes_an_event(chunk: str) -> float:
    return run("select pg_total_relation_size(%s::regclass)", [chunk])[0][0] / EVENTS


def all_rows() -> list[tuple]:
    return run("select * from analytics_pointerpositionevent order by browser_id, time, seq")


def keys() -> list[tuple]:
    return [row[:-1] for row in run(INDEXES)]


def files() -> list[int]:
    return [row[-1] for row in run(INDEXES)]


class PackingTests(TransactionTestCase):
    def setUp(self):
        self.browsers = [new_browser() for _ in range(BROWSERS)]

    def hold(self, statement: str) -> Session:
        """Start a session that has run the statement, and keeps its transaction open."""

        def work() -> None:
            with transaction.atomic():
                run(statement)

        return Session(work, after=statement).until_held()

    def give_up(self) -> None:
        """Pack with a short timeout, without success."""
        hurried = {**packing.LIMITS, "lock_timeout": "50ms"}
        with mock.patch.object(packing, "LIMITS", hurried), self.assertLogs(packing.logger) as logs:
            self.assertEqual(pack(now=NOW), [])
        self.assertRegex(logs.output[0], "^WARNING.*lock timeout")

    def give_up_for(self, statement: str) -> str:
        """Pack without success while the statement's session blocks; return the leftover's name."""
        before = {key[0] for key in keys()}
        holder = self.hold(statement)
        self.give_up()
        holder.finish()
        (left,) = {key[0] for key in keys()} - before
        return left

    def test_a_closed_chunk_is_packed_with_every_row_and_its_key(self):
        chunk = fill(NOW - 2 * DAY)
        rows, before = all_rows(), keys()
        self.assertGreater(bytes_an_event(chunk), 120)

        self.assertEqual(pack(now=NOW), [chunk])

        self.assertLess(bytes_an_event(chunk), 100)
        self.assertEqual(all_rows(), rows)
        (name, definition, *others), *none = keys()
        self.assertEqual(([name, *others], none), ([before[0][0], *before[0][2:]], []))
        self.assertEqual(definition, f"{before[0][1]} WITH (fillfactor='100')")
        # Sending it again changes nothing, and a chunk that is too old can still be dropped.
        again = send(self.browsers[0], stored_samples(self.browsers[0])[:100])
        self.assertEqual((again.accepted, again.duplicates), (0, 100))
        self.assertEqual(all_rows(), rows)
        for hours in range(2):
            retain(now=NOW + 40 * DAY + hours * HOUR)
        self.assertEqual((all_rows(), keys()), ([], []))

    def test_chunks_that_are_open_or_packed_are_left_alone(self):
        closed = fill(NOW - 2 * DAY)
        for day in (NOW - DAY, NOW):
            fill(day)
        before = files()
        self.assertEqual(pack(now=NOW), [closed])
        after = files()
        self.assertEqual([a == b for a, b in zip(after, before, strict=True)], [False, True, True])
        self.assertEqual(pack(now=NOW), [])
        self.assertEqual(files(), after)

    def test_chunks_that_are_small_or_not_counted_are_left_alone(self):
        fill(NOW - 3 * DAY, batches=10)
        fill(NOW - 2 * DAY, analyze=False)
        before = files()
        self.assertEqual(pack(now=NOW), [])
        self.assertEqual(files(), before)

    def test_the_newest_comes_first_and_none_starts_after_the_time_limit(self):
        older, newer = fill(NOW - 3 * DAY), fill(NOW - 2 * DAY)
        with mock.patch.object(packing, "PATIENCE_SECONDS", -1):
            self.assertEqual(pack(now=NOW), [])
        self.assertEqual(pack(now=NOW), [newer, older])

    def test_late_samples_are_stored_during_a_rebuild(self):
        chunk = fill(NOW - 2 * DAY)
        late = stored_samples(self.browsers[0])[0]._replace(seq=-2)
        writer, packed = self.hold(WRITE), []
        packer = Session(lambda: packed.extend(pack(now=NOW)))
        until_sessions_wait(1)
        # If it waited, it would wait for the writer, and lock_timeout would end it.
        self.assertEqual(send(self.browsers[0], [late]).accepted, 1)
        writer.finish()
        packer.finish()
        self.assertEqual(packed, [chunk])
        first = stored_samples(self.browsers[0])[:2]
        self.assertEqual(first, [late, late._replace(seq=-1)])
        self.assertEqual(send(self.browsers[0], first).duplicates, 2)
        self.assertEqual(PointerPositionEvent.objects.count(), EVENTS + 1 + BROWSERS)

    def test_a_key_that_a_run_has_left_unfinished_goes_with_the_next(self):
        chunk = fill(NOW - 2 * DAY)
        # Neither of these is a leftover: one is valid, the other has another name.
        run(f"create index somebodys_ccnew on {chunk} (time)")
        with self.assertRaises(IntegrityError):
            run(f"create unique index concurrently somebodys on {chunk} (seq)")
        before = {(name, is_valid) for name, _, is_valid, *_ in keys()}
        self.assertEqual({is_valid for _, is_valid in before}, {True, False})
        self.assertRegex(self.give_up_for(WRITE), "_pkey_ccnew$")
        self.assertEqual(pack(now=NOW), [chunk])
        self.assertEqual({(name, is_valid) for name, _, is_valid, *_ in keys()}, before)

    def test_an_old_key_that_a_run_could_not_drop_goes_with_the_next(self):
        fill(NOW - 2 * DAY)
        names = [key[0] for key in keys()]
        self.assertRegex(self.give_up_for(READ), "_pkey_ccold$")
        # The new key was already in its place.
        self.assertEqual(pack(now=NOW), [])
        self.assertEqual([(key[0], key[2]) for key in keys()], [(name, True) for name in names])

    def test_a_second_run_keeps_the_unfinished_key_of_the_first(self):
        chunk = fill(NOW - 2 * DAY)
        writer, packed = self.hold(WRITE), []
        packer = Session(lambda: packed.extend(pack(now=NOW)))
        until_sessions_wait(1)
        self.give_up()
        writer.finish()
        packer.finish()
        self.assertEqual(packed, [chunk])
        self.assertTrue(all(is_valid for _, _, is_valid, *_ in keys()))
        self.assertEqual(pack(now=NOW), [])

    def test_the_limits_of_the_session_are_restored(self):
        fill(NOW - 2 * DAY)
        self.assertTrue(pack(now=NOW))
        for name in packing.LIMITS:
            ((value,),) = run("select current_setting(%s)", [name])
            self.assertEqual(value, settings.SESSION_SETTINGS[name])
