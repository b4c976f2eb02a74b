"""Log lines carry the request's id, as plain lines and as JSON."""

import json
from datetime import datetime

from django.test import SimpleTestCase

from core.tests.test_deployment import run

SAY = """
import django
django.setup()
import logging
from core.web import request_ids
request_ids.current.set("batch-01234567")
logging.getLogger("pointers").warning("seen %s", "twice", extra={"marks": 2})
request_ids.current.set("")
logging.getLogger("pointers").warning("alone")
"""


def said(**settings: str) -> list[str]:
    done = run("-c", SAY, DJANGO_SETTINGS_MODULE="core.settings", **settings)
    return done.stderr.strip().splitlines()


class LogTests(SimpleTestCase):
    def test_a_line_has_the_id_in_brackets_if_there_is_one(self):
        first, second = said()
        self.assertRegex(first, r" WARNING pointers \[batch-01234567\]: seen twice$")
        self.assertRegex(second, " WARNING pointers: alone$")

    def test_json_has_each_field_by_its_name(self):
        first, second = map(json.loads, said(LOG_FORMAT="json"))
        self.assertIsNotNone(datetime.fromisoformat(first.pop("time")).tzinfo)
        self.assertIsInstance(first.pop("process"), int)
        self.assertEqual(
            first,
            {
                "level": "WARNING",
                "logger": "pointers",
                "message": "seen twice",
                "request_id": "batch-01234567",
                "marks": 2,
            },
        )
        self.assertEqual((second["message"], second["request_id"]), ("alone", ""))
