"""A caller's text never begins a log line, in either format."""

import json

from django.test import SimpleTestCase

from core.logs import escape
from core.tests.test_deployment import run

LOG = """
import django
django.setup()
import logging
log = logging.getLogger("pointers")
log.warning("seen %s", "a\\n2026-01-01 ERROR forged\\r\\x1b[2J\\x85\\u2028\\u202e\\ud800")
try:
    raise ValueError("b\\n2026-01-01 ERROR forged\\r\\x1b[2J")
except ValueError:
    log.exception("failed", stack_info=True)
for name in ("django.request", "celery.worker", "uvicorn.error", "uvicorn"):
    logging.getLogger(name).error("c\\n2026-01-01 ERROR forged")
"""


def logged(**settings: str) -> str:
    # splitlines() recognises more line ends than a terminal does.
    return run("-c", LOG, DJANGO_SETTINGS_MODULE="core.settings", **settings).stderr


class LogTests(SimpleTestCase):
    def test_text_on_one_line_does_not_change(self):
        for text in ("", "plain", "Zoë 漢字 😀", 'C:\\new "quoted"'):
            with self.subTest(text):
                self.assertEqual(escape(text), text)

    def test_unprintable_characters_are_escaped(self):
        self.assertEqual(escape("a\nb\x1b\u202e\ud800"), r"a\nb\x1b\u202e\ud800")

    def test_no_message_and_no_traceback_begins_a_line(self):
        text = logged()
        lines = text.rstrip("\n").split("\n")
        for line in lines:
            with self.subTest(line):
                self.assertRegex(line, r"^(    |\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} [A-Z]+ )")
        self.assertEqual(text.count("ERROR forged"), 6)
        for char in "\r\x1b\x85\u2028\u202e":
            self.assertNotIn(char, text)

    def test_each_line_of_json_is_a_record(self):
        lines = logged(LOG_FORMAT="json").rstrip("\n").split("\n")
        self.assertEqual(len(list(map(json.loads, lines))), 6)
