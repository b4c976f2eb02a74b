"""Passwords are hashed one at a time; a login that would wait too long is told to retry."""

import time
from contextlib import ExitStack
from threading import Event, Thread
from unittest.mock import patch

from django.contrib.auth.hashers import PBKDF2PasswordHasher, check_password, make_password
from django.contrib.auth.models import User
from django.test import SimpleTestCase, TestCase

from dashboard.instances import passwords
from dashboard.instances.passwords import Hasher, NoTurnError
from dashboard.tests.test_logins import PASSWORD, log_in


class Hashing:
    """Hashing in a separate thread that lasts until the block ends."""

    def __init__(self):
        self.begun, self.ended = Event(), Event()
        self.thread = Thread(target=make_password, args=["secret"])

    def _hash(self, *_):
        self.begun.set()
        self.ended.wait(10)
        return ""

    def __enter__(self):
        with ExitStack() as stack:
            stack.enter_context(patch.object(PBKDF2PasswordHasher, "encode", self._hash))
            self.thread.start()
            self.begun.wait(10)
            self.undo = stack.pop_all()
        return self

    def __exit__(self, *_):
        self.ended.set()
        self.thread.join()
        self.undo.close()


def has_queue():
    """Return whether one hash runs and one waits, within a few seconds."""
    deadline = time.monotonic() + 10
    while passwords._places._value and time.monotonic() < deadline:
        time.sleep(0.01)
    return passwords._places._value == 0


class TurnTests(SimpleTestCase):
    def test_a_hash_is_that_of_django(self):
        made = make_password("secret")
        self.assertTrue(PBKDF2PasswordHasher().verify("secret", made))
        self.assertTrue(check_password("secret", PBKDF2PasswordHasher().encode("secret", "salt")))
        self.assertFalse(check_password("guess", made))

    def test_one_hashes_one_waits_and_others_are_refused(self):
        results = []

        def hash_too():
            try:
                results.append(Hasher().encode("secret", "salt"))
            except NoTurnError:
                results.append(NoTurnError)

        with Hashing() as first:
            waiting = Thread(target=hash_too)
            waiting.start()
            self.assertTrue(has_queue())
            hash_too()
            self.assertEqual(results, [NoTurnError])
            first.ended.set()
            waiting.join()
        self.assertEqual(results, [NoTurnError, ""])
        self.assertTrue(Hasher().encode("secret", "salt", 1))

    def test_a_hash_that_waits_too_long_is_refused_and_frees_its_place(self):
        with Hashing(), patch.object(passwords, "TURN_SECONDS", 0.05):
            for _ in range(3):
                with self.assertRaises(NoTurnError):
                    Hasher().encode("secret", "salt")


class LoginTests(TestCase):
    def setUp(self):
        User.objects.create_user("ann", password=PASSWORD, is_staff=True)

    def test_a_refused_login_is_told_to_retry_and_does_not_count(self):
        for path in ("/login/", "/admin/login/"):
            for name in ("ann", "nobody"):
                with Hashing(), patch.object(passwords, "TURN_SECONDS", 0.05):
                    for _ in range(6):
                        refused = log_in(self.client, name, path=path)
                        self.assertContains(refused, "does not count", status_code=503)
                        self.assertEqual(refused["Retry-After"], "2")
        self.assertEqual(log_in(self.client).status_code, 302)
