"""Times on the wire: RFC 3339 out; RFC 3339 or epoch milliseconds in."""

from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


def to_rfc3339(moment: datetime) -> str:
    """Return an aware datetime as UTC with six decimals and `Z`, so that texts sort as times do."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")[: -len("+00:00")] + "Z"


def to_epoch_us(moment: datetime) -> int:
    """Return an aware datetime as whole microseconds since 1970, exactly."""
    return (moment - EPOCH) // MICROSECOND


def name_range(since: datetime | None, until: datetime | None) -> str:
    """Return a range as a part of a file's name: `20261123T120000Z-20261123T130000Z`."""
    first, last = (
        moment.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ") if moment else ""
        for moment in (since, until)
    )
    if not first and not last:
        return "all"
    return f"{first or 'first'}-{last or 'last'}"


def parse_time(text: str) -> datetime:
    """Parse RFC 3339 with an offset, or a number of epoch milliseconds.

    Raises ValueError if the text is neither, lacks an offset, or lies outside years 1 to 9999.
    """
    try:
        return EPOCH + timedelta(milliseconds=float(text))
    except OverflowError:
        raise ValueError("the time lies outside the years 1 to 9999") from None
    except ValueError:
        return _parse_rfc3339(text)


def _parse_rfc3339(text: str) -> datetime:
    try:
        # A plus sign that was not percent-encoded arrives in a query as a space.
        moment = datetime.fromisoformat(text.strip().replace(" ", "+"))
        if moment.tzinfo is None:
            raise ValueError("no offset")
        return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError(
            "a time is RFC 3339 with an offset, or a number of epoch milliseconds"
        ) from None
