"""Tokens that are not the caller's, and calls that another site sends from staff's browsers."""

import re
import secrets
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from random import Random
from typing import Any
from uuid import UUID

import pytest
import requests
from django.core import signing

from dashboard.instances.tokens import TICKET_SALT, WRITE_SALT
from tests.faults.invariants import check_outbox
from tests.faults.traffic import Sender
from tests.service import Service

TABLES = (
    "dashboard_browser",
    "analytics_pointerpositionevent",
    "dashboard_pointerstatus",
    "dashboard_coarsestatus",
    "analytics_dirtyrange",
    "auth_user",
    "django_session",
)
PASSWORD = "correct horse battery"


class EarlierSigner(signing.TimestampSigner):
    """Sign as of a second after the longest life of a ticket."""

    def timestamp(self) -> str:
        return signing.b62_encode(int(time.time()) - 301)


@pytest.fixture(scope="module", autouse=True)
def no_limit(running: Service) -> Iterator[None]:
    """Disable the limits, so that each of thousands of calls is judged by its token."""
    running.start_missing()
    running.special["web"] = {"READS_PER_MINUTE": "1000000"}
    running.stop("web")
    running.start("web")
    yield
    running.special.clear()
    running.stop("web")
    # Counts from here would use up other tests' limits.
    running.redis().flushdb()
    running.start("web")


def test_forged_foreign_truncated_and_expired_tokens_change_nothing(
    service: Service, chance: Random, whole_or: Callable
) -> None:
    victim, other, revoked = (Sender(service, chance) for _ in range(3))
    for sender in (victim, other, revoked):
        assert sender.attempt(sender.new_batch(5)).status == 202
    service.sql(
        "update dashboard_browser set token_version = token_version + 1 where instance_id = %s",
        (revoked.instance_id,),
    )
    assert check_outbox(service, [victim, other, revoked], within=30) == []
    forger = Forger(service, chance, victim, other, revoked)
    before = fingerprint(service)
    with ThreadPoolExecutor(8) as pool:
        answers = Counter(pool.map(lambda _: forger.try_once(), range(whole_or(10_000, 400))))
    assert set(answers) == {401, 403}, answers
    assert fingerprint(service) == before


class Forger:
    """Calls for an instance whose token the caller does not have."""

    def __init__(
        self, service: Service, chance: Random, victim: Sender, other: Sender, revoked: Sender
    ) -> None:
        self.service, self.chance = service, chance
        self.victim, self.other, self.revoked = victim, other, revoked
        self.key = service.environment["SECRET_KEY"]
        self.session = requests.Session()

    def try_once(self) -> int:
        """Make one call; its answer should be 401 or 403."""
        if self.chance.random() < 0.1:
            return self._ask_for_stream()
        target, token = self._target_and_token()
        method, path, body = self._call(token)
        # A body can contain the token too, where a beacon could send it.
        headers = {} if body and "token" in body else {"Authorization": f"Bearer {token}"}
        answer = self.session.request(
            method, f"{target.path}{path}", json=body, headers=headers, timeout=30
        )
        return answer.status_code

    def _target_and_token(self) -> tuple[Sender, str]:
        mine = UUID(self.victim.instance_id).hex
        right = self.victim.write_token
        other_key = signing.Signer(key=secrets.token_urlsafe(50), salt=WRITE_SALT)
        forgeries = [
            f"{mine}.1:{secrets.token_urlsafe(32)}",
            secrets.token_urlsafe(self.chance.randrange(200)),
            other_key.sign(f"{mine}.1"),
            signing.Signer(key=self.key, salt=TICKET_SALT).sign(f"{mine}.1"),
            signing.TimestampSigner(key=self.key, salt=TICKET_SALT).sign(mine),
            right[: self.chance.randrange(len(right))],
            right[:-1] + ("A" if right[-1] != "A" else "B"),
            right.upper(),
            self.other.write_token,
        ]
        if self.chance.random() < 0.1:
            return self.revoked, self.revoked.write_token
        return self.victim, self.chance.choice(forgeries)

    def _call(self, token: str) -> tuple[str, str, Any]:
        events = [{"time": time.time() * 1000, "x": 1, "y": 2}]
        return self.chance.choice(
            [
                ("POST", "events/", {"events": events}),
                ("POST", "events/", {"events": events, "token": token}),
                ("PATCH", "", {"is_active": False}),
                ("DELETE", "", None),
                ("POST", "log-off/", {}),
                ("POST", "log-off/", {"token": token}),
                ("GET", "", None),
                ("GET", "events/", None),
                ("GET", "statuses/", None),
            ]
        )

    def _ask_for_stream(self) -> int:
        expired = EarlierSigner(key=self.key, salt=TICKET_SALT).sign(
            UUID(self.victim.instance_id).hex
        )
        foreign = self.other.stream_url.partition("ticket=")[2]
        ticket = self.chance.choice([expired, foreign, self.victim.write_token, "", "x" * 99])
        address = self.victim.stream_url.partition("?")[0]
        query = {"ticket": ticket}
        with self.session.get(address, params=query, stream=True, timeout=30) as answer:
            return answer.status_code


def test_calls_that_another_site_makes_with_staffs_cookies_change_nothing(
    service: Service, chance: Random
) -> None:
    victim = Sender(service, chance)
    assert victim.attempt(victim.new_batch(5)).status == 202
    assert check_outbox(service, [victim], within=30) == []
    service.create_staff("eves-aim", PASSWORD)
    staff = logged_in(service, "eves-aim")
    assert staff.get(victim.path, timeout=10).status_code == 200
    browser = service.sql(
        "select id from dashboard_browser where instance_id = %s", (victim.instance_id,)
    )[0][0]
    before = fingerprint(service)
    for token in ({}, {"X-CSRFToken": secrets.token_hex(16)}):
        headers = {"Origin": "https://evil.example", **token}
        for method, address, body in (
            ("DELETE", victim.path, b""),
            ("PATCH", victim.path, b'{"is_active": false}'),
            ("POST", f"{victim.path}log-off/", b""),
            ("POST", f"{service.url}/logout/", b""),
            ("POST", f"{service.url}/admin/dashboard/browser/{browser}/delete/", b"post=yes"),
            ("POST", f"{service.url}/admin/auth/user/add/", b"username=eve"),
        ):
            kind = "application/json" if body.startswith(b"{") else "text/plain"
            answer = staff.request(
                method, address, data=body, headers={**headers, "Content-Type": kind}, timeout=10
            )
            assert answer.status_code in (401, 403), (method, address, answer.status_code)
    assert fingerprint(service) == before


def logged_in(service: Service, name: str) -> requests.Session:
    session = requests.Session()
    page = session.get(f"{service.url}/login/", timeout=10).text
    token = re.search('name="csrfmiddlewaretoken" value="([^"]+)"', page)
    assert token
    form = {"username": name, "password": PASSWORD, "csrfmiddlewaretoken": token[1]}
    answer = session.post(f"{service.url}/login/", form, timeout=10, allow_redirects=False)
    assert answer.status_code == 302, answer.text
    return session


def fingerprint(service: Service) -> dict[str, Any]:
    """Return a hash over all rows of each table."""
    return {
        table: service.sql(f"select md5(string_agg(t::text, ';' order by t::text)) from {table} t")
        for table in TABLES
    }
