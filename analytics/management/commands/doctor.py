"""`manage.py doctor`: checks all that the service depends on, and names remedies."""

import json
import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from analytics.health.doctor import FAIL, OK, WARN, Finding, diagnose


class Command(BaseCommand):
    help = (
        "Check settings, versions, licence, time zone, clocks, durability, migrations, keys and "
        "indexes, Redis, queue and workers, Beat, the outbox, analysts' logins, the chart library "
        "and the disk. Each is ok, warn or fail, with a remedy; the exit code is 1 if any fails."
    )
    # The command reports faults, so no fault may keep it from running.
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="for programs: a list of objects")

    def handle(self, *args: Any, **options: Any) -> None:
        findings = []
        for finding in diagnose(now=timezone.now()):
            findings.append(finding)
            if not options["json"]:
                self._print(finding)
        if options["json"]:
            self.stdout.write(json.dumps([finding._asdict() for finding in findings], indent=2))
        else:
            counts = {level: [f.level for f in findings].count(level) for level in (OK, WARN, FAIL)}
            self.stdout.write(", ".join(f"{count} {level}" for level, count in counts.items()))
        if any(finding.level == FAIL for finding in findings):
            sys.exit(1)

    def _print(self, finding: Finding) -> None:
        style = {OK: self.style.SUCCESS, WARN: self.style.WARNING, FAIL: self.style.ERROR}
        level = style[finding.level](f"{finding.level:<4}")
        self.stdout.write(f"{level} {finding.check}: {finding.said}")
        if finding.advice:
            self.stdout.write(f"     → {finding.advice}")
