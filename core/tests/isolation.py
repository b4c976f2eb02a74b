"""The tests' own Redis database, so that a running service does not see their messages."""

import os
from typing import Any
from urllib.parse import urlsplit

import redis
from celery import current_app
from django.conf import settings
from django.test.runner import DiscoverRunner

from core.storage.redis import client

# Counted down from the last of Redis' sixteen databases, one for each test process.
PLACE = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
TEST_DATABASE = f"/{15 - PLACE}"


def use_own_redis() -> None:
    """Point the hints, the limits and Celery's queue to the tests' own database."""
    url = urlsplit(settings.REDIS_URL)
    if url.scheme != "unix":
        settings.REDIS_URL = current_app.conf.broker_url = url._replace(path=TEST_DATABASE).geturl()
    client.cache_clear()
    redis.Redis.from_url(settings.REDIS_URL).flushdb()


class Runner(DiscoverRunner):
    """`manage.py test`; pytest calls use_own_redis in conftest.py."""

    def setup_test_environment(self, **kwargs: Any) -> None:
        super().setup_test_environment(**kwargs)
        use_own_redis()
