"""The query parameters of instances and series, and their checks."""

from datetime import UTC, datetime, timedelta
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from core.api.queries import TimeField
from core.values.durations import DURATION, parse_duration
from core.values.times import parse_time
from core.web.costs import Asked, Cost
from dashboard.instances.finding import Filters
from dashboard.statuses.intervals import choose_interval, count_buckets
from dashboard.statuses.ladder import finest_rung
from dashboard.statuses.series import Range

DEFAULT_RANGE = timedelta(minutes=2)
# A page without a stream reads its window once a second; a few hundred statuses take milliseconds.
SHORT_RANGE = timedelta(minutes=10)
EARLIEST = datetime.min.replace(tzinfo=UTC)
DEFAULT_POINTS = 500
MAX_POINTS = 5000
PAGE_SIZE = 100
LONGEST_SITE, LONGEST_LABEL, LONGEST_PAGE = 260, 100, 200


class TextField(serializers.CharField):
    """Text to look for; it may be empty."""

    def __init__(self, help_text: str, max_length: int) -> None:
        super().__init__(
            help_text=help_text,
            max_length=max_length,
            required=False,
            allow_blank=True,
            trim_whitespace=False,
        )


class FiltersQuery(serializers.Serializer):
    """What instances are found by, in the API and on the pages; an empty value filters nothing."""

    site = TextField("the host of the page that logged it on, exactly", LONGEST_SITE)
    # DRF moves fields from the class into its own list, so this one hides no attribute.
    label = TextField("how its label begins", LONGEST_LABEL)  # type: ignore[assignment]
    q = TextField(
        "text in its label, its site or the name of a page that it was on, in any case; or how its"
        " id begins",
        LONGEST_PAGE,
    )
    page = TextField("a page that it was on: its name, exactly, or its id", LONGEST_PAGE)
    since = TimeField(
        required=False,
        help_text="with `until`: its life, from when it first logged on or moved until it was last"
        " seen, overlaps this range; a present one lives on",
    )
    until = TimeField(required=False)

    def validate(self, query: dict[str, Any]) -> dict[str, Any]:
        since, until = query.get("since"), query.get("until")
        if since and until and since > until:
            raise serializers.ValidationError({"since": "lies after `until`"})
        filters = Filters(**{name: query.pop(name) for name in Filters._fields if name in query})
        return {**query, "filters": filters}


class BrowsersQuery(FiltersQuery):
    """Filters of the list of instances."""

    active = serializers.BooleanField(
        required=False, default=None, help_text="whether it is logged on"
    )
    is_active = serializers.BooleanField(
        required=False, default=None, help_text="the same as `active`"
    )
    cursor = serializers.IntegerField(required=False, min_value=1, max_value=2**63 - 1)
    limit = serializers.IntegerField(min_value=1, max_value=PAGE_SIZE, default=PAGE_SIZE)

    def validate(self, query: dict[str, Any]) -> dict[str, Any]:
        active, is_active = query.pop("active"), query["is_active"]
        if active is not None and is_active not in (None, active):
            raise serializers.ValidationError({"is_active": "contradicts `active`"})
        query["is_active"] = is_active if active is None else active
        return super().validate(query)


@extend_schema_field({"type": "string", "pattern": f"^(auto|{DURATION.pattern})$"})
class IntervalField(serializers.CharField):
    """`auto`, or a whole number of s, m, h or d."""


class SeriesQuery(serializers.Serializer):
    """A range and its bucket length; the default range is the last two minutes."""

    since = TimeField(required=False)
    until = TimeField(required=False)
    interval = IntervalField(default="auto", max_length=20)
    max_points = serializers.IntegerField(
        min_value=1,
        max_value=MAX_POINTS,
        required=False,
        help_text=f"{DEFAULT_POINTS} if the interval is auto, else {MAX_POINTS};"
        " unlimited in a file without fill",
    )
    fill = serializers.ChoiceField(["none", "zero"], default="none")

    def validate(self, query: dict[str, Any]) -> Range:
        since, until = self._range(query)
        if query["interval"] == "auto":
            interval_ms = self._choose(query, since, until)
        else:
            interval_ms = self._read_interval(query, since, until)
        return Range(since, until, interval_ms, query["fill"] == "zero")

    def _range(self, query: dict[str, Any]) -> tuple[datetime, datetime]:
        try:
            until = query.get("until") or max(self.context["now"], query.get("since", EARLIEST))
            since = query.get("since") or until - DEFAULT_RANGE
        except OverflowError:
            raise serializers.ValidationError({"until": "lies too early"}) from None
        if since > until:
            raise serializers.ValidationError({"since": "lies after `until`"})
        return since, until

    def _choose(self, query: dict[str, Any], since: datetime, until: datetime) -> int:
        return choose_interval(
            since=since,
            until=until,
            max_points=query.get("max_points", DEFAULT_POINTS),
            rung_ms=finest_rung(since=since, now=self.context["now"]),
        )

    def _read_interval(self, query: dict[str, Any], since: datetime, until: datetime) -> int:
        try:
            interval_ms = parse_duration(query["interval"])
        except ValueError as error:
            raise serializers.ValidationError({"interval": f"is auto, or {error}"}) from None
        points = count_buckets(since=since, until=until, interval_ms=interval_ms)
        most = query.get("max_points", MAX_POINTS)
        # A file is streamed in pages. Without `fill` it is no longer than what is stored.
        is_bounded = "max_points" in query or query["fill"] != "none" or not self.context["is_file"]
        if is_bounded and points > most:
            raise serializers.ValidationError(
                {"interval": f"the range has {points} buckets of this length; the limit is {most}"}
            )
        return interval_ms


def cost_of_series(asked: Asked) -> Cost:
    """Return the cost of a series: cheap for a live page's window, costly for a longer range."""
    query = asked.query
    try:
        until = parse_time(str(query["until"])) if "until" in query else timezone.now()
        since = parse_time(str(query["since"])) if "since" in query else until - DEFAULT_RANGE
    except (ValueError, OverflowError):
        # The view refuses this request.
        return Cost.CHEAP
    return Cost.COSTLY if until - since > SHORT_RANGE else Cost.CHEAP
