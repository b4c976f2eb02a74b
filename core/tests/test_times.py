"""Times in requests and answers."""

from datetime import UTC, datetime

from django.test import SimpleTestCase

from core.values.times import name_range, parse_time, to_epoch_us, to_rfc3339


class TimeTests(SimpleTestCase):
    def test_times_go_out_in_utc_with_six_decimals(self):
        moment = datetime.fromisoformat("2026-11-23T13:00:00+01:00")
        self.assertEqual(to_rfc3339(moment), "2026-11-23T12:00:00.000000Z")

    def test_rfc3339_comes_in_with_any_offset(self):
        for text in ("2026-11-23T12:00:00.25Z", "2026-11-23T13:00:00.25+01:00"):
            self.assertEqual(parse_time(text), datetime(2026, 11, 23, 12, 0, 0, 250_000, UTC))

    def test_a_plus_sign_that_a_query_turned_into_a_space_is_understood(self):
        self.assertEqual(parse_time("2026-11-23T13:00:00 01:00").hour, 12)

    def test_a_range_names_a_file(self):
        noon = datetime.fromisoformat("2026-11-23T13:00:00.9+01:00")
        one = datetime(2026, 11, 23, 13, 0, 0, tzinfo=UTC)
        self.assertEqual(name_range(noon, one), "20261123T120000Z-20261123T130000Z")
        self.assertEqual(name_range(None, one), "first-20261123T130000Z")
        self.assertEqual(name_range(noon, None), "20261123T120000Z-last")
        self.assertEqual(name_range(None, None), "all")

    def test_epoch_milliseconds_keep_their_microseconds(self):
        self.assertEqual(to_epoch_us(parse_time("1795305600000.125")), 1795305600000125)

    def test_an_invalid_time_is_refused(self):
        for text in (
            "",
            "noon",
            "nan",
            "inf",
            "1e300",
            "2026-11-23T12:00:00",
            "0000-01-01T00:00Z",
            "9999-12-31T23:59:59-01:00",
            "-1e17",
        ):
            with self.subTest(text), self.assertRaises(ValueError):
                parse_time(text)
