"""Tokens name one instance, cannot be forged, and survive a key change while it is a fallback."""

import uuid
from unittest import mock

from django.core import signing
from django.test import SimpleTestCase, override_settings
from rest_framework.exceptions import AuthenticationFailed

from dashboard.instances.tokens import (
    Ticket,
    WriteToken,
    make_ticket,
    make_token,
    read_ticket,
    read_token,
)

INSTANCE = uuid.UUID("6f1c1ad4-4a0e-4a6c-9c92-6b8e6e0f2f11")
OLD, NEW = "o" * 50, "n" * 50


class WriteTokenTests(SimpleTestCase):
    def test_a_token_says_its_instance_and_version(self):
        token = make_token(instance_id=INSTANCE, version=3)
        self.assertEqual(read_token(token), WriteToken(INSTANCE, 3))

    def test_a_signature_for_another_purpose_is_not_a_token(self):
        for text in (
            signing.Signer().sign(f"{INSTANCE.hex}.1"),
            make_ticket(instance_id=INSTANCE),
            "",
            "\x00",
            "a:b:c",
        ):
            with self.subTest(text), self.assertRaises(AuthenticationFailed):
                read_token(text)

    def test_after_a_change_of_key_old_tokens_are_valid_while_the_old_key_is_a_fallback(self):
        with override_settings(SECRET_KEY=OLD):
            token = make_token(instance_id=INSTANCE, version=1)
        with override_settings(SECRET_KEY=NEW, SECRET_KEY_FALLBACKS=[OLD]):
            self.assertEqual(read_token(token).instance_id, INSTANCE)
        with (
            override_settings(SECRET_KEY=NEW, SECRET_KEY_FALLBACKS=[]),
            self.assertRaises(AuthenticationFailed),
        ):
            read_token(token)


class TicketTests(SimpleTestCase):
    def test_a_ticket_says_its_instance(self):
        self.assertEqual(read_ticket(make_ticket(instance_id=INSTANCE)), Ticket(INSTANCE, ""))
        granted = make_ticket(instance_id=INSTANCE, grant="key-12")
        self.assertEqual(read_ticket(granted), Ticket(INSTANCE, "key-12"))

    def test_a_write_token_is_no_ticket(self):
        with self.assertRaises(AuthenticationFailed):
            read_ticket(make_token(instance_id=INSTANCE, version=1))

    @override_settings(STREAM_TICKET_SECONDS=300)
    def test_a_ticket_expires_after_its_minutes(self):
        ticket = make_ticket(instance_id=INSTANCE)
        with mock.patch("django.core.signing.time.time", return_value=1e11):
            self.assertRaises(AuthenticationFailed, read_ticket, ticket)
