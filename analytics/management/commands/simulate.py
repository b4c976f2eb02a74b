"""`manage.py simulate`: visits to a made-up shop through the API, for demos and load."""

import secrets
import signal
import time
from argparse import ArgumentParser, ArgumentTypeError
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import requests
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from analytics.management.sending_history import send_history
from analytics.recordings import TIMEOUT_SECONDS
from analytics.recordings.crowd import Crowd
from analytics.recordings.made_up.site import SITE
from dashboard.instances.sites import site_of

TICK_SECONDS = 0.5
MOST_FAULTS = 5


class Command(BaseCommand):
    help = (
        "Move generated pointers like people's, through the REST API and in real time. They visit "
        "a made-up shop of five pages on phones (touch), tablets, laptops, desktops (mouse) and "
        "drawing displays (pen): they scroll, aim, read and hesitate, so that maps of the pages "
        "have something to show. Ctrl-C ends it; then every pointer logs off. If the service "
        "limits the log-ons of an address (LOG_ON_PER_MINUTE), the rest wait for their turn."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        _add_pointers(parser)
        _add_history(parser)
        _add_service(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        url, seed = options["url"].rstrip("/"), options["seed"]
        seed = secrets.randbelow(2**32) if seed is None else seed
        _check_reachable(url, wait=options["wait"])
        # The pointers log off after SIGTERM as after Ctrl-C.
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        if options["history"]:
            sent = send_history(
                url=url,
                site=options["site"],
                seed=seed,
                rate=options["rate"],
                days=options["history"],
                each_day=options["visits"],
                now=datetime.now(UTC),
                progress=options["progress"],
            )
            self.stdout.write(f"{sent}, seed {seed}: {url}/browsers/")
        if options["browsers"]:
            self._move_crowd(url, seed, options)

    def _move_crowd(self, url: str, seed: int, options: dict[str, Any]) -> None:
        crowd = Crowd(
            url=url,
            browsers=options["browsers"],
            rate=options["rate"],
            seed=seed,
            site=options["site"],
        )
        self.stdout.write(f"{options['browsers']} pointers, seed {seed}: {url}/browsers/")
        self.stdout.flush()
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


def _add_pointers(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--browsers",
        type=_whole,
        default=20,
        metavar="N",
        help="pointers in real time, 0 for none (default: 20)",
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


def _add_history(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--history",
        type=_days,
        default=0.0,
        metavar="DAYS",
        help="first send the visits of so many past days, as fast as the service takes them. "
        "More than a week ago many people looked for a coupon at the checkout; since then few "
        "do. Visits older than RAW_RETENTION_DAYS are left out (default: 0)",
    )
    parser.add_argument(
        "--visits",
        type=_visits,
        default=10.0,
        metavar="N",
        help="past visits on a working day; half of it on a day of the weekend (default: 10)",
    )
    parser.add_argument(
        "--progress",
        type=Path,
        default=None,
        metavar="FILE",
        help="send only past visits that began after this file's modification time, and set it "
        "after each visit, so that an interrupted run can be continued (default: send all)",
    )


def _add_service(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--site",
        type=_site,
        default=SITE,
        help="the host that logs them on; SITES must allow it (default: %(default)s)",
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
    if not text.isdecimal() or not int(text) <= 2000:
        raise ArgumentTypeError("a whole number from 0 to 2000")
    return int(text)


def _days(text: str) -> float:
    return _number(text, least=0, most=3650)


def _visits(text: str) -> float:
    return _number(text, least=0.1, most=1000)


def _site(text: str) -> str:
    if site_of(f"https://{text}") != text:
        raise ArgumentTypeError("a host such as shop.example, in small letters")
    return text


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
