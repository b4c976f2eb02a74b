"""`manage.py simulate`: moves generated pointers through the API, for demos and load."""

import secrets
import signal
import time
from argparse import ArgumentParser, ArgumentTypeError
from typing import Any

import requests
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from analytics.recordings import TIMEOUT_SECONDS
from analytics.recordings.crowd import Crowd

TICK_SECONDS = 0.5
MOST_FAULTS = 5


class Command(BaseCommand):
    help = (
        "Move generated pointers like people's, through the REST API and in real time: aimed "
        "movements with a bell-shaped speed, overshoot and correction, rests, leaving and coming "
        "back. Ctrl-C ends it; then every pointer logs off. If the service limits the log-ons "
        "of an address (LOG_ON_PER_MINUTE), the rest wait for their turn."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--browsers", type=_whole, default=20, metavar="N", help="pointers (default: 20)"
        )
        parser.add_argument(
            "--rate",
            type=_rate,
            default=60.0,
            metavar="HZ",
            help="samples a second while one moves, 1 to 1000 (default: 60)",
        )
        parser.add_argument(
            "--minutes",
            type=_minutes,
            default=None,
            metavar="M",
            help="how long, such as 0.5, "
            "counted from when the last pointer has logged on (default: until Ctrl-C)",
        )
        parser.add_argument(
            "--seed",
            type=int,
            default=None,
            help="the same seed makes the same movements (default: a new one, which is printed)",
        )
        parser.add_argument(
            "--url", default=settings.SERVICE_URL, help="the service (default: %(default)s)"
        )
        parser.add_argument(
            "--wait",
            type=_wait,
            default=0.0,
            metavar="S",
            help="seconds to wait for the service to answer (default: 0)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        url, seed = options["url"].rstrip("/"), options["seed"]
        seed = secrets.randbelow(2**32) if seed is None else seed
        _check_reachable(url, wait=options["wait"])
        crowd = Crowd(url=url, browsers=options["browsers"], rate=options["rate"], seed=seed)
        self.stdout.write(f"{options['browsers']} pointers, seed {seed}: {url}/browsers/")
        self.stdout.flush()
        # The pointers log off after SIGTERM as after Ctrl-C.
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        try:
            crowd.start()
            _watch(crowd, options["browsers"], options["minutes"])
        except KeyboardInterrupt:
            self.stderr.write("ending: every pointer logs off")
        crowd.stop()
        self._conclude(crowd, options["browsers"])

    def _conclude(self, crowd: Crowd, browsers: int) -> None:
        tally = crowd.tally
        self.stdout.write(
            f"{tally['on']} pointers logged on, {tally['off']} off: {_summary(crowd)}, "
            f"{tally['conflicts']} conflicts, {tally['unsent']} not sent, "
            f"at most {crowd.most_late:.1f} s late"
        )
        for fault, times in crowd.faults.most_common(MOST_FAULTS):
            self.stdout.write(f"  {times} times {fault}")
        if tally["off"] < browsers:
            raise CommandError(f"{browsers - tally['off']} pointers did not finish")


def _watch(crowd: Crowd, browsers: int, minutes: float | None) -> None:
    """Show the crowd's progress until its time is over, or no pointer is left."""
    seconds = None if minutes is None else minutes * 60
    # On stderr, and only if that is a terminal, so that the output can be piped.
    with tqdm(total=seconds, unit="s", disable=None, bar_format=BAR if seconds else None) as bar:
        while crowd.tally["on"] < browsers and crowd.living:
            bar.set_description(f"{crowd.tally['on']} of {browsers} in")
            bar.set_postfix_str(_summary(crowd))
            time.sleep(TICK_SECONDS / 5)
        bar.set_description(f"{browsers} pointers")
        began = time.monotonic()
        while crowd.living and (seconds is None or time.monotonic() < began + seconds):
            left = TICK_SECONDS if seconds is None else began + seconds - time.monotonic()
            time.sleep(max(0.0, min(TICK_SECONDS, left)))
            bar.set_postfix_str(_summary(crowd), refresh=False)
            bar.update(min(time.monotonic() - began, seconds or float("inf")) - bar.n)


BAR = "{desc}: {percentage:3.0f}%|{bar}| {elapsed}{postfix}"


def _summary(crowd: Crowd) -> str:
    names = ("accepted", "duplicates", "errors")
    return ", ".join(f"{crowd.tally[name]:,} {name}" for name in names)


def _check_reachable(url: str, *, wait: float) -> None:
    deadline = time.monotonic() + wait
    while fault := _fault_of(url):
        if time.monotonic() > deadline:
            raise CommandError(fault)
        time.sleep(0.2)


def _fault_of(url: str) -> str:
    try:
        answer = requests.get(f"{url}/api/v1/time/", timeout=TIMEOUT_SECONDS)
    except requests.RequestException as error:
        return f"{url} cannot be reached: {error}"
    return "" if answer.ok else f"{url} answered {answer.status_code}; is this Pointerscope?"


def _whole(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 2000:
        raise ArgumentTypeError("a whole number from 1 to 2000")
    return int(text)


def _rate(text: str) -> float:
    return _number(text, least=1, most=1000)


def _minutes(text: str) -> float:
    return _number(text, least=0.01, most=100_000)


def _wait(text: str) -> float:
    return _number(text, least=0, most=3600)


def _number(text: str, *, least: float, most: float) -> float:
    try:
        number = float(text)
    except ValueError:
        number = float("nan")
    if not least <= number <= most:
        raise ArgumentTypeError(f"a number from {least:g} to {most:,.0f}")
    return number
