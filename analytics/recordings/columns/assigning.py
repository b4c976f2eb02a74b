"""Assigns the columns: by the user's options, or by unambiguous names."""

from collections.abc import Callable, Mapping, Sequence

from analytics.recordings.columns.guessing import (
    guess_by_cells,
    guess_position,
    guess_time,
    refuse_missing,
)
from analytics.recordings.columns.names import Name, axis_of, parse_name
from analytics.recordings.columns.roles import Roles
from analytics.recordings.columns.words import (
    BLOCKS,
    CONDITIONS,
    CORRECT,
    DATES,
    ENTER,
    EYES,
    FRACTIONS,
    KEY,
    KINDS,
    NUMBERS,
    PEOPLE,
    PEOPLE_KEYS,
    POINTERS,
    PREFERRED,
    RESPONSES,
    SEQS,
    SESSIONS,
    TRIALS,
)
from analytics.recordings.findings import Findings, listed
from analytics.recordings.options import ABSENT, Options
from analytics.recordings.rows.moments import is_date, is_time_of_day
from analytics.recordings.tables.table import Chunk, Table

MOST_LOOKED_AT = 100


def find_roles(table: Table, head: Chunk, options: Options, findings: Findings) -> Roles:
    """Find the columns of a table; stop if time, x or y is not certain."""
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
        guess_position(roles, names, given, head)
        guess_time(roles, names, head, options)
    elif not {"time", "x", "y"} <= given.keys():
        guess_by_cells(roles, table, head, given, findings)
    roles.time, roles.x, roles.y = (
        given.get(what) or getattr(roles, what) for what in ("time", "x", "y")
    )
    refuse_missing(roles, table, findings)
    taken = {roles.time, roles.x, roles.y}
    _guess_others(roles, [name for name in names if name.text not in taken], given)
    roles.date = given.get("date") or _guess_date(roles, names, head)
    others = [name for name in names if name.text not in taken]
    roles.fractions = next((name.text for name in others if name.key in FRACTIONS), "")
    if not (given.get("x") or given.get("y")):
        _refuse_doubtful_position(roles, table, head, others, findings)
    _group_by(roles, table, options, findings)
    _tell(roles, table, head, findings)
    return roles


def _resolve(wanted: str, table: Table, findings: Findings) -> str:
    """Return the column of a name or number; stop if none or several match."""
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


def _guess_others(roles: Roles, names: Sequence[Name], given: Mapping[str, str]) -> None:
    def find(what: str, test: Callable[[Name], bool]) -> list[str]:
        if what in given:
            return [given[what]] if given[what] else []
        return [name.text for name in names if test(name) or test(_innermost(name))]

    def among(keys: set[str]) -> Callable[[Name], bool]:
        return lambda name: name.key in keys

    roles.seq = next(iter(find("seq", among(SEQS))), "")
    roles.enter = next(iter(find("enter", among({ENTER}))), "")
    roles.people = [
        *find("instance", among({"instance", "instance_id"})),
        *find("participant", _is_person),
        *find("session", lambda name: _is_numbered(name, SESSIONS)),
        *find("pointer", among(POINTERS)),
    ]
    trials = find("trial", _is_trial)
    roles.blocks = find("block", _is_block) if trials else []
    roles.trials = [*roles.blocks, *trials]
    roles.conditions = find("condition", among(CONDITIONS))
    roles.responses = find("response", among(RESPONSES - {CORRECT}))
    roles.correct = next(iter(find("correct", among({CORRECT}))), "")
    roles.kinds = find("kind", among(KINDS))


def _guess_date(roles: Roles, names: Sequence[Name], head: Chunk) -> str:
    """Return the column of the date if times are times of day."""
    if not all(map(is_time_of_day, head.columns[roles.time][:MOST_LOOKED_AT])):
        return ""
    return next(
        (
            name.text
            for name in names
            if name.key in DATES and all(map(is_date, head.columns[name.text][:MOST_LOOKED_AT]))
        ),
        "",
    )


def _refuse_doubtful_position(
    roles: Roles, table: Table, head: Chunk, others: Sequence[Name], findings: Findings
) -> None:
    """Refuse a position that may be another pointer's, or that of an eye."""
    # The second column of a name is called x.2 here, and x.1 by pandas.
    again = [f"{roles.x}.{i}" for i in (1, 2)]
    if table.delimiter and (second := next((name for name in again if name in head.columns), "")):
        findings.refuse(
            f"{roles.x} and {second} are two columns of one name: two pointers?",
            "--columns x=NAME,y=NAME names one pair, by names or by numbers",
        )
    if set(parse_name(roles.x).words) & PREFERRED.keys():
        return
    of_eyes = [name for name in others if set(name.words) & EYES]
    if of_eyes and not any(any(map(axis_of, name.words)) for name in others):
        findings.refuse(
            f"{roles.x} and {roles.y} may be where an eye looks: beside them is {of_eyes[0].text}",
            f"--columns x={roles.x},y={roles.y} takes them for the pointer's",
        )


def _innermost(name: Name) -> Name:
    """Return the last part of a nested name: `user` of `sessions.user`."""
    return parse_name(name.text.rpartition(".")[2])


def _is_person(name: Name) -> bool:
    return name.text == KEY or name.key in PEOPLE_KEYS or _is_numbered(name, PEOPLE)


def _is_trial(name: Name) -> bool:
    return name.key == "mt_id" or _is_numbered(name, TRIALS)


def _is_block(name: Name) -> bool:
    return _is_numbered(name, BLOCKS)


def _is_numbered(name: Name, words: set[str]) -> bool:
    """Return whether a name is one of these words, at most with "number" or "id" beside it."""
    rest = [word for word in name.words if word not in words]
    return len(rest) < len(name.words) and set(rest) <= NUMBERS


def _group_by(roles: Roles, table: Table, options: Options, findings: Findings) -> None:
    """Let --group-by replace the pointers and trials that names suggest."""
    if not options.group_by:
        return
    columns = [_resolve(name, table, findings) for name in options.group_by]
    of_trials = [
        column
        for column in columns
        if column in roles.trials or _is_trial(parse_name(column)) or _is_block(parse_name(column))
    ]
    roles.people = [column for column in columns if column not in of_trials]
    roles.trials = of_trials
    roles.blocks = [column for column in of_trials if _is_block(parse_name(column))]
    roles.conditions = [name for name in roles.conditions if name not in columns]
    roles.responses = [name for name in roles.responses if name not in columns]


def _tell(roles: Roles, table: Table, head: Chunk, findings: Findings) -> None:
    for what in ("time", "x", "y", "seq", "enter", "date"):
        if (name := getattr(roles, what)) and (what != ENTER or any(head.columns[name])):
            findings.say("columns", what if name == what else f"{what} = {name}")
    for label, names in (("pointers by", roles.people), ("trials by", roles.trials)):
        if names:
            findings.say("columns", f"{label} {listed(names).replace(', ', ' + ')}")
    for label, names in (("conditions by", roles.conditions), ("responses by", roles.responses)):
        if names:
            findings.say("columns", f"{label} {listed(names)}")
    if roles.correct:
        findings.say(
            "columns", "correct" if roles.correct == CORRECT else f"correct = {roles.correct}"
        )
    used = {*roles.needed(), ENTER}
    unused = [name or "(no name)" for name in table.names if name not in used]
    if unused:
        findings.say("not used", listed(unused))
