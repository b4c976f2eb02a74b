"""A limit is exact for any number of parallel calls."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from random import Random

import requests

from tests.faults.conftest import SETTINGS
from tests.faults.traffic import Sender
from tests.service import Service

CALLS = 500


def test_of_500_parallel_calls_exactly_as_many_pass_as_the_limit_allows(
    service: Service, chance: Random
) -> None:
    sender = Sender(service, chance)
    headers = {"Authorization": f"Bearer {sender.write_token}"}

    def call(_: int) -> requests.Response:
        return requests.get(f"{sender.path}statuses/", headers=headers, timeout=30)

    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(call, range(CALLS)))
    limit = int(SETTINGS["READS_PER_MINUTE"])
    counts = Counter(answer.status_code for answer in answers)
    assert counts == {200: limit, 429: CALLS - limit}
    waits = [int(a.headers["Retry-After"]) for a in answers if a.status_code == 429]
    assert 1 <= min(waits) <= max(waits) <= 60
