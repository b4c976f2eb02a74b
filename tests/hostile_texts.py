"""The values of tests/hostile.py, and their places in requests."""

FORGED = "2026-01-01 00:00:00,000 ERROR forged"
TEXTS = [
    *("\0", "a\0b", f"\n{FORGED}", f"a\r\n{FORGED}", "\x1b[2J\x7f", "\x85\u2028\u202e", "\ud800"),
    *(
        "\U0001f600",
        "\u0661",
        "\ufeff",
        "a" * 300,
        "a" * 5000,
        "",
        " ",
        ".",
        "..",
        "//evil.example",
    ),
    *("9" * 30, "-" + "9" * 30, "9" * 5000, str(2**31), str(2**63), str(2**64), "-1", "0", "1.5"),
    *("1e999", "NaN", "-inf", "0x10", "1_000", "true", "null", "on", "{}", "[]", "{0.__class__}"),
    *("0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "0001-01-01", "9999-12-31"),
    *("1,0001-01-01T00:00:00+23:59,1", "0,9999-12-31T23:59:59-23:59,1", "9" * 18 + ",1"),
    *("1,1", "1,2", ",", ",,,", "(", "[", "\\", "*", "%", "%s", "'", '"', "__", "a__b", "a.b.c"),
    *("00000000-0000-0000-0000-000000000000", "../../etc/passwd", "<script>", "; drop table x"),
]
VALUES = [text.encode("utf-8", "surrogatepass") for text in TEXTS] + [
    *(b"\xff", b"\xc0\x80", b"\xf4\x90\x80\x80", b"\xed\xa0\x80\xed\xb0\x80"),
]
QUERY = [
    *("since", "until", "interval", "max_points", "fill", "cursor", "limit", "is_active", "pause"),
    *("format", "ticket", "range", "next", "before", "q", "p", "o", "e", "all", "_popup"),
    *("_to_field", "_changelist_filters", "app_label", "model_name", "field_name", "term", "lang"),
]
LOOKUPS = [
    *("", "__exact", "__gt", "__lte", "__isnull", "__in", "__range", "__regex", "__iregex"),
    *(
        "__startswith",
        "__icontains",
        "__year",
        "__year__gte",
        "__date",
        "__day",
        "__time",
        "__hour",
    ),
    *("__iso_year", "__week_day", "__contained_by", "__no_such_lookup", "__isnull__exact"),
]
HEADERS = [
    *("Accept", "Accept-Language", "Accept-Encoding", "Authorization", "Content-Type", "Referer"),
    *("Origin", "User-Agent", "X-Forwarded-For", "X-Forwarded-Proto", "X-Request-ID", "Range"),
    *("X-CSRFToken", "If-Modified-Since", "If-None-Match", "X-HTTP-Method-Override"),
]
COOKIES = ["sessionid", "csrftoken", "messages"]
# A cookie's quoted value writes its bytes in octal.
ESCAPED = [b'"abc\\000defgh"', b'"\\012\\015x"', b'"\\377\\330"', b'"\\355\\240\\200"']
# What the admin's forms need to be let through, whichever they are.
USUAL = {
    "password1": "correct horse battery",
    "password2": "correct horse battery",
    "username": "zed",
    "name": "zed",
    "task": "analytics.tasks.sweep",
    "interval": "1",
    "every": "5",
    "period": "seconds",
    "args": "[]",
    "kwargs": "{}",
    "headers": "{}",
    "minute": "*",
    "hour": "*",
    "day_of_week": "*",
    "day_of_month": "*",
    "month_of_year": "*",
    "timezone": "UTC",
    "latitude": "1",
    "longitude": "1",
    "event": "dawn_civil",
    "clocked_time_0": "2030-01-01",
    "clocked_time_1": "00:00:00",
    "_save": "Save",
}
