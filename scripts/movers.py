"""Instances that move as people do, for the screenshots of the list and of a range."""

import math
import random
import time
from collections.abc import Iterator
from typing import Any

import requests
from tqdm import tqdm

from tests.browser import on_arc
from tests.patience import wait_until
from tests.service import Service

MARGIN = 40
HERTZ = 60
SIZE = (1400, 1000)
# Time from the last movement to the picture, enough to send, roll up and draw it.
SETTLING_SECONDS = 1.5
# For each instance of the list, how many seconds ago it last moved; 0 keeps moving.
RESTED = (0, 0, 0, 0, 0, 0, 25, 48, 90, 400, 2400)
Point = tuple[float, float]


class Hand:
    """Reaches, pauses and corrects like a person who reads and clicks; the seed repeats it."""

    def __init__(self, seed: int, width: float, height: float) -> None:
        self.chance = random.Random(seed)
        self.width, self.height = width, height
        self.at: Point = (width / 2, height / 2)

    def next_move(self) -> tuple[Point, Point, float, float]:
        """Return the start, the end, the duration and the following rest of a movement."""
        far = self.chance.random() < 0.6
        x = self._near(self.at[0], self.width, far)
        y = self._near(self.at[1], self.height, far)
        start, self.at = self.at, (x, y)
        seconds = self.chance.uniform(0.35, 1.1) if far else self.chance.uniform(0.15, 0.4)
        rests = self.chance.random() < 0.35
        return start, self.at, seconds, self.chance.uniform(0.2, 1.8) if rests else 0.0

    def _near(self, at: float, size: float, far: bool) -> float:
        reach = size / 2 if far else size / 16
        return min(size - MARGIN, max(MARGIN, at + self.chance.uniform(-reach, reach)))


def samples(hand: Hand, since: float, until: float) -> Iterator[dict[str, Any]]:
    """Yield the samples a browser would capture of the hand between two epoch times."""
    now = since
    while now < until:
        start, end, seconds, rest = hand.next_move()
        bend = math.dist(start, end) * 0.12
        for step in range(1, int(seconds * HERTZ)):
            x, y = on_arc(start, end, bend, step / (seconds * HERTZ))
            yield {"time": (now + step / HERTZ) * 1000, "x": x, "y": y}
        now += seconds + rest


class Instance:
    """An instance that logs on and sends its hand's movement in batches, up to any moment."""

    def __init__(self, service: Service, seed: int) -> None:
        self.service, self.hand = service, Hand(seed, *SIZE)
        me = service.log_on()
        self.id = me["instance_id"]
        self.url = f"{service.url}/api/v1/browsers/{self.id}/events/"
        self.headers = {"Authorization": f"Bearer {me['write_token']}"}

    def move(self, since: float, until: float) -> None:
        """Send the movement between two epoch times."""
        self.until = until
        events = [e for e in samples(self.hand, since, until) if e["time"] < until * 1000]
        for first in range(0, len(events), 1000):
            batch = {"events": events[first : first + 1000]}
            answer = requests.post(self.url, json=batch, headers=self.headers, timeout=30)
            answer.raise_for_status()


class Crowd:
    """The instances of the list: some move until now, others rest."""

    def __init__(self, service: Service) -> None:
        self.movers: list[Instance] = []
        for seed, rested in enumerate(tqdm(RESTED, "instances")):
            instance = Instance(service, seed)
            until = time.time() - rested
            instance.move(until - instance.hand.chance.uniform(50, 130), until)
            if not rested:
                self.movers.append(instance)

    def move_on(self) -> None:
        """Let the moving ones continue until the picture is taken."""
        for instance in self.movers:
            instance.move(instance.until, time.time() + SETTLING_SECONDS)


def add_hour(service: Service) -> str:
    """Let an instance move for an hour, with gaps; return its id."""
    instance, now = Instance(service, 3), time.time()
    for since, until in tqdm([(3500, 2700), (1700, 1100), (900, 500), (420, 30)], "an hour"):
        instance.move(now - since, now - until)
    wait_until(service.is_rolled_up, seconds=60)
    wait_until(lambda: service.is_rolled_up(10_000), seconds=60)
    return instance.id
