"""Which column is what: by the user's word, or by names that leave no doubt."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from analytics.recordings.cells import is_missing, looks_like_list, looks_numeric, shares
from analytics.recordings.documents import ENTER, KEY
from analytics.recordings.findings import Findings, listed
from analytics.recordings.names import TIME_WORDS, Name, axis_of, parse_name
from analytics.recordings.options import ABSENT, Options
from analytics.recordings.tables import Chunk, Table
from analytics.recordings.times import looks_like_time
from analytics.recordings.units import epoch_unit

# Words beside a coordinate that say nothing, that prefer it, and that make it no pointer's.
NEUTRAL = {
    "data", "pos", "position", "coord", "coords", "point", "event", "current", "cur", "raw", "loc",
    "location", "get", "response", "tracking", "tracker", "value", "values", "sample", "samples",
    "track", "trajectory", "events", "points", "positions", "log",
}  # fmt: skip
PREFERRED = {"page": 1, "client": 2, "mouse": 3, "cursor": 3, "pointer": 3, "screen": 4}
STRANGE = {
    "target", "targ", "goal", "start", "end", "stop", "button", "btn", "delta", "d", "diff", "move",
    "movement", "vel", "velocity", "speed", "acc", "acceleration", "gaze", "eye", "pupil",
    "fixation", "fix", "left", "right", "window", "win", "viewport", "scroll", "offset", "center",
    "centre", "origin", "element", "elem", "box", "rect", "stim", "stimulus", "image", "img",
    "size", "width", "height", "res", "resolution", "max", "min", "mean", "sd", "flips", "norm",
    "avg", "av", "line", "axis",
}  # fmt: skip
TIMES = (
    "time", "client_timestamp", "timestamp", "timestamps", "t", "ts", "time_stamp", "mouse_time",
    "event_time", "sample_time", "when", "datetime", "date_time", "utc", "epoch", "unix_time",
    "unixtime", "recording_timestamp", "record_timestamp", "elapsed", "elapsed_time",
    "time_elapsed", "clock", "times", "ms", "millis", "milliseconds", "seconds", "sec", "date",
    "zeit", "zeitstempel", "uhrzeit", "temps", "tiempo", "tempo", "heure", "hora",
)  # fmt: skip
DELTAS = {
    "delta", "deltas", "dt", "delta_t", "time_delta", "delta_time", "time_diff", "diff",
    "time_difference", "timedelta", "interval", "intervals", "step", "δt",
}  # fmt: skip
NOT_THE_TIME = {
    "response", "reaction", "rt", "start", "end", "movement", "total", "duration", "onset", "load",
    "initiation", "init", "max", "min", "mean", "idle", "zone", "out", "limit",
}  # fmt: skip
SEQS = {"seq", "sequence", "mt_seq", "seq_nr", "seq_no", "index", "sample_index"}
NUMBERS = {"nr", "no", "number", "num", "n", "id", "index", "idx", "count", "this_n", "code", "key"}
PEOPLE = {
    "participant", "participants", "subject", "subjects", "subj", "sub", "user", "person", "ppt",
    "respondent", "worker", "prolific", "proband", "vp", "vpn", "player", "versuchsperson",
}  # fmt: skip
PEOPLE_KEYS = {"pid", "uid", "subid", "ppn", "participant_private_id", "participant_public_id"}
SESSIONS = {"session", "sessions", "sess", "recording", "visit"}
POINTERS = {
    "pointer_id", "cursor", "cursor_id", "device", "device_id", "mouse_id", "touch_id", "finger",
    "finger_id", "tab", "tab_id",
}  # fmt: skip
BLOCKS = {"block", "blocks", "run", "round"}
CONDITIONS = {"condition", "conditions", "cond"}
RESPONSES = {"response", "resp", "answer", "choice", "correct"}
KINDS = {
    "event", "event_type", "event_name", "type", "kind", "action", "state", "button", "message",
    "msg", "input", "input_type", "activity", "operation",
}  # fmt: skip
MOST_WORDS = 8


@dataclass
class Roles:
    """The columns' names by what they are; those that tell pointers and trials apart are lists."""

    time: str = ""
    x: str = ""
    y: str = ""
    seq: str = ""
    enter: str = ""
    people: list[str] = field(default_factory=list)
    trials: list[str] = field(default_factory=list)
    conditions: list[str] = field(default_factory=list)
    kinds: list[str] = field(default_factory=list)
    # The user's conditions, by the columns' names as the file has them.
    only: dict[str, Sequence[str]] = field(default_factory=dict)
    drop: dict[str, Sequence[str]] = field(default_factory=dict)

    def needed(self) -> list[str]:
        """Return all columns that are read, each once."""
        one = [self.time, self.x, self.y, self.seq, self.enter]
        many = [*self.people, *self.trials, *self.conditions, *self.kinds, *self.only, *self.drop]
        return list(dict.fromkeys(name for name in [*one, *many] if name))


def find_roles(table: Table, head: Chunk, options: Options, findings: Findings) -> Roles:
    """Find the columns of a table; stop where time, x or y is not certain."""
    given = {
        what: "" if name == ABSENT else _resolve(name, table, findings)
        for what, name in options.columns.items()
    }
    names = [parse_name(name) for name in table.names if name not in given.values()]
    roles = Roles(
        only={_resolve(name, table, findings): values for name, values in options.only.items()},
        drop={_resolve(name, table, findings): values for name, values in options.drop.items()},
    )
    if table.has_header:
        _guess_position(roles, names, given, head)
        _guess_time(roles, names, head, options)
    elif not {"time", "x", "y"} <= given.keys():
        _guess_by_cells(roles, table, head, given, findings)
    roles.time, roles.x, roles.y = (
        given.get(what) or getattr(roles, what) for what in ("time", "x", "y")
    )
    _refuse_missing(roles, table, findings)
    taken = {roles.time, roles.x, roles.y}
    _guess_others(roles, [name for name in names if name.text not in taken], given)
    _group_by(roles, table, options, findings)
    _tell(roles, table, head, findings)
    return roles


def _resolve(wanted: str, table: Table, findings: Findings) -> str:
    """Return the column that a name or a number means; stop where there is none, or are several."""
    wanted, names = wanted.strip(), list(table.names)
    key = parse_name(wanted).key
    found: list[str] = []
    for test in (
        lambda name: name == wanted,
        lambda name: name.strip().lower() == wanted.lower(),
        lambda name: bool(key) and parse_name(name).key == key,
        lambda name: name.lower().endswith(f".{wanted.lower()}"),
    ):
        found = found or [name for name in names if test(name)]
    if not found and wanted.isdecimal() and 1 <= int(wanted) <= len(names):
        found = [names[int(wanted) - 1]]
    if not found:
        findings.stop(f"there is no column {wanted}; the file has: {listed(names)}")
    if len(found) > 1:
        findings.stop(f"{wanted} may be any of the columns {listed(found)}")
    return found[0]


def _guess_position(
    roles: Roles, names: Sequence[Name], given: Mapping[str, str], head: Chunk
) -> None:
    """Take the pair of columns whose names differ in x and y, if one is more likely than others.

    Where one of the two is given, the other is its counterpart.
    """
    one = given.get("x") or given.get("y")
    if given.get("x") and given.get("y"):
        return
    names = [*names, parse_name(one)] if one else names
    by_words = {name.words: name for name in names}
    pairs: list[tuple[bool, int, int, int, str, str]] = []
    for name in names:
        for i, word in enumerate(name.words):
            if axis_of(word) != "x":
                continue
            other = by_words.get((*name.words[:i], _to_y(word), *name.words[i + 1 :]))
            rank = _rank([*name.words[:i], *name.words[i + 1 :], *_rest_of(word)])
            if one and other and one in (name.text, other.text):
                roles.x, roles.y = name.text, other.text
                return
            if not one and other and rank is not None:
                # Columns of something else than numbers come last, to be told what is wrong.
                is_odd = not _holds(head, name, other)
                pairs.append((is_odd, rank, len(name.words), i, name.text, other.text))
                break
    pairs.sort()
    if pairs and (len(pairs) == 1 or pairs[0][:3] < pairs[1][:3]):
        roles.x, roles.y = pairs[0][4:]


def _to_y(word: str) -> str:
    return f"y{word[1:]}" if word[0] == "x" else f"{word[:-1]}y"


def _rest_of(word: str) -> list[str]:
    rest = word[1:] if word[0] == "x" else word[:-1]
    return [rest] if rest in PREFERRED else []


def _rank(words: Sequence[str]) -> int | None:
    """Return how far words make a coordinate another's than the pointer's; None where they do."""
    words = [word for word in words if word not in NEUTRAL]
    if STRANGE & set(words):
        return None
    ranks = [PREFERRED[word] for word in words if word in PREFERRED]
    return min(ranks, default=5 if words else 0)


def _holds(head: Chunk, *names: Name) -> bool:
    """Tell whether columns hold numbers or lists, at least in part."""
    cells = [head.columns[name.text] for name in names]
    return not head.places or all(
        shares(column, lambda cell: looks_numeric(cell) or looks_like_list(cell)) > 0.5
        or all(map(is_missing, column))
        for column in cells
    )


def _guess_time(roles: Roles, names: Sequence[Name], head: Chunk, options: Options) -> None:
    x = parse_name(roles.x)
    beside = {word for word in x.words if not axis_of(word)}
    found = []
    for i, name in enumerate(names):
        rank = _time_rank(name, beside, is_delta=options.time_is_delta)
        if rank is not None:
            is_odd = not (options.time_format or _holds_times(head.columns[name.text]))
            found.append((is_odd, rank, i, name.text))
    roles.time = min(found)[3] if found else ""


def _time_rank(name: Name, beside: set[str], *, is_delta: bool) -> int | None:
    """Rank a name as that of the time, 0 the most likely; None where it is none.

    A name with the words that the position's has, such as `mouse.time` or
    `timestamps_get_response`, is the likeliest.
    """
    rest = set(name.words) - beside
    if beside and set(name.words) >= beside and rest & TIME_WORDS and not rest & NOT_THE_TIME:
        return 0
    if name.key in DELTAS:
        return 1 if is_delta else 1000
    if name.key in TIMES:
        return 2 + TIMES.index(name.key)
    strange = set(name.words) & NOT_THE_TIME
    return 500 if set(name.words) & TIME_WORDS and not strange else None


def _holds_times(cells: Sequence[object]) -> bool:
    def is_time(cell: object) -> bool:
        return looks_numeric(cell) or looks_like_list(cell) or looks_like_time(cell)

    return not cells or shares(cells, is_time) > 0.5 or all(map(is_missing, cells))


def _guess_by_cells(
    roles: Roles, table: Table, head: Chunk, given: Mapping[str, str], findings: Findings
) -> None:
    """Without a header: three columns, of which one alone can be the time, are time, x and y."""
    times = [name for name in table.names if _is_surely_time(head.columns[name])]
    if len(table.names) == 3 and len(times) == 1 and not given:
        roles.time = times[0]
        roles.x, roles.y = (name for name in table.names if name != times[0])
        findings.warn(
            f"There is no header. Column {roles.time} holds times, so {roles.x} and {roles.y} are"
            " taken for x and y. --columns decides."
        )


def _is_surely_time(cells: Sequence[object]) -> bool:
    """Tell whether cells are times of the calendar, as texts or as a number since 1970."""
    told = [cell for cell in cells if not is_missing(cell)]
    if told and all(map(looks_like_time, told)):
        return True
    try:
        numbers = [float(str(cell).replace(",", ".")) for cell in told]
    except ValueError:
        return False
    return bool(numbers) and epoch_unit(min(numbers), max(numbers)) is not None


def _refuse_missing(roles: Roles, table: Table, findings: Findings) -> None:
    missing = [what for what in ("time", "x", "y") if not getattr(roles, what)]
    if not missing:
        return
    what = listed(missing).replace(", ", " and ") if len(missing) < 3 else "time, x and y"
    if table.has_header:
        findings.stop(
            f"no column is certain to be {what}; the file has: {listed(table.names, most=30)}",
            f"--columns {','.join(f'{name}=NAME' for name in missing)}",
        )
    first = [str(column[0]) for column in table.head().columns.values() if column]
    findings.stop(
        f"there is no header that says which column is {what}; the first row: {listed(first)}",
        "--columns time=1,x=2,y=3 names columns by their numbers",
    )


def _guess_others(roles: Roles, names: Sequence[Name], given: Mapping[str, str]) -> None:
    def find(what: str, keys: Iterable[str]) -> list[str]:
        if what in given:
            return [given[what]] if given[what] else []
        return [name.text for name in names if name.key in keys]

    roles.seq = next(iter(find("seq", SEQS)), "")
    roles.enter = next(iter(find("enter", {"enter"})), "")
    instances = find("instance", {"instance", "instance_id"})
    people = find("participant", {name.key for name in names if _is_person(name)})
    sessions = find("session", {name.key for name in names if _is_numbered(name, SESSIONS)})
    roles.people = [*instances, *people, *sessions, *find("pointer", POINTERS)]
    trials = find("trial", {name.key for name in names if _is_trial(name)})
    blocks = find("block", {name.key for name in names if _is_numbered(name, BLOCKS)})
    roles.trials = [*blocks, *trials] if trials else []
    roles.conditions = [*find("condition", CONDITIONS), *find("response", RESPONSES)]
    roles.kinds = find("kind", KINDS)


def _is_person(name: Name) -> bool:
    return name.text == KEY or name.key in PEOPLE_KEYS or _is_numbered(name, PEOPLE)


def _is_trial(name: Name) -> bool:
    return name.key == "mt_id" or _is_numbered(name, {"trial", "trials", "trialnr", "trialno"})


def _is_numbered(name: Name, words: set[str]) -> bool:
    """Tell whether a name is one of these words, with nothing but "number" or "id" beside it."""
    rest = [word for word in name.words if word not in words]
    return len(rest) < len(name.words) and set("_".join(rest).split("_")) <= {
        *NUMBERS, "name", "this", "exp", "rec", "private", "public", "uuid", "",
    }  # fmt: skip


def _group_by(roles: Roles, table: Table, options: Options, findings: Findings) -> None:
    """Let --group-by replace what names suggest about pointers and trials."""
    if not options.group_by:
        return
    columns = [_resolve(name, table, findings) for name in options.group_by]
    of_trials = [
        column
        for column in columns
        if column in roles.trials
        or _is_trial(parse_name(column))
        or _is_numbered(parse_name(column), BLOCKS)
    ]
    roles.people = [column for column in columns if column not in of_trials]
    roles.trials = of_trials


def _tell(roles: Roles, table: Table, head: Chunk, findings: Findings) -> None:
    for what in ("time", "x", "y", "seq", "enter"):
        if (name := getattr(roles, what)) and (what != ENTER or any(head.columns[name])):
            findings.say("columns", what if name == what else f"{what} = {name}")
    for label, names in (("pointers by", roles.people), ("trials by", roles.trials)):
        if names:
            findings.say("columns", f"{label} {listed(names).replace(', ', ' + ')}")
    if roles.conditions:
        findings.say("columns", f"conditions by {listed(roles.conditions)}")
    used = {*roles.needed(), ENTER}
    unused = [name or "(no name)" for name in table.names if name not in used]
    if unused:
        findings.say("not used", listed(unused))
