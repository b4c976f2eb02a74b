"""Recordings are read from CSV, NDJSON and Parquet of any origin, or refused with the place."""

from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa
import pyarrow.parquet as pq
from django.test import SimpleTestCase

from analytics.recordings import RecordedSample, RecordingError, read_recordings
from core.times import to_epoch_us

NOON = datetime(2026, 11, 23, 12, 0, 0, 125, UTC)
NOON_US = to_epoch_us(NOON)
ONE = RecordedSample(NOON_US, 1.5, 2.0, 7, True)
TWO = RecordedSample(NOON_US, 0.25, 2.0, 8, False)


class RecordingTests(SimpleTestCase):
    def setUp(self):
        self.path = Path(self.enterContext(TemporaryDirectory())) / "recording"

    def read(self, content, **options):
        if isinstance(content, dict):
            pq.write_table(pa.table(content), self.path)
        else:
            self.path.write_text(content)
        return read_recordings(self.path, **options)

    def test_rows_are_ordered_by_time_and_seq_for_each_instance(self):
        rows = [
            '{"instance_id":"b","time":"2026-11-23T12:00:00.000125Z","x":0.25,"y":2,"seq":8}',
            '{"instance_id":"a","time":1795435200000.125,"x":0.25,"y":2.0,"seq":8,"enter":false}',
            "",
            '{"instance_id":"b","time":"2026-11-23T13:00:00.000125+01:00","x":1.5,"y":2,"seq":7,"enter":true}',
        ]
        with self.assertRaisesMessage(RecordingError, "line 4: 'oops'"):
            self.read("\n".join([*rows[:3], rows[3].replace("true", '"oops"')]))
        self.assertEqual(self.read("\n".join(rows), unit="ms"), {"b": [ONE, TWO], "a": [TWO]})

    def test_timestamps_of_any_unit_and_zone_are_taken(self):
        for kind in ("ms", "us", "ns"):
            for zone in (None, "UTC", "Europe/Vienna"):
                with self.subTest(kind, zone=zone):
                    times = pa.array([NOON_US * 1000, NOON_US * 1000]).cast(pa.timestamp("ns"))
                    times = times.cast(pa.timestamp(kind, zone), safe=False)
                    rest = {"seq": [7.0, 8.0], "enter": [True, None]}
                    table = {"time": times, "x": [1.5, 0.25], "y": [2, 2], **rest}
                    time_us = NOON_US - (125 if kind == "ms" else 0)
                    expected = [sample._replace(time_us=time_us) for sample in (ONE, TWO)]
                    self.assertEqual(self.read(table), {"": expected})

    def test_seconds_of_any_origin_are_taken(self):
        table = {"t": [0.25, 0.5], "pageX": [1, 2], "pageY": [3.5, 4]}
        self.assertEqual(
            self.read(table),
            {
                "": [
                    RecordedSample(250_000, 1, 3.5, 0, False),
                    RecordedSample(500_000, 2, 4, 1, False),
                ]
            },
        )

    def test_what_is_no_sample_is_refused_with_its_place(self):
        for complaint, content in (
            ("holds no samples", ""),
            ("holds no samples", {"time": pa.array([], pa.float64()), "x": [], "y": []}),
            ("no column for y", '{"time": 1, "x": 2}'),
            ("no column for time (time or", {"x": [1], "y": [2]}),
            ("line 2: Input data was truncated", '{"time": 1, "x": 2, "y": 3}\n{"time": 1,'),
            ("line 2: Expected `object`", '{"time": 1, "x": 2, "y": 3}\n[1, 2, 3]'),
            ("line 2: is no sample: {'error': 'x'}", '{"time": 1, "x": 2, "y": 3}\n{"error": "x"}'),
            ("line 1: cannot convert float NaN", '{"time": "nan", "x": 2, "y": 3}'),
            ("row 2: is no sample", {"time": [1, 2], "x": [1, None], "y": [2, 2]}),
            ("row 1: nan is no position", {"time": [1], "x": [float("nan")], "y": [2]}),
            ("line 2: is no sample", "time,x,y\n1,2"),
            ("line 2: a time is RFC 3339", "time,x,y\nnoon,1,2"),
            ("line 3: could not convert", "time,x,y\n1,2,3\n1,,3"),
        ):
            with self.subTest(complaint), self.assertRaisesMessage(RecordingError, complaint):
                self.read(content)

    def test_a_file_that_is_no_parquet_but_says_so_is_refused(self):
        with self.assertRaisesMessage(RecordingError, "recording: Parquet"):
            self.read("PAR1 and nothing else that is right")
