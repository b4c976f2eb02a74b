"""The words that the reader knows in column names and in kinds of events.

docs/import.md lists all of them.
"""

from typing import Any

# The column for an object's keys, if each key holds the rows of one pointer; and the column that
# the first objects of a file may lack.
KEY, ENTER = "(key)", "enter"

# Words beside a coordinate that mean nothing, that prefer it, and that exclude it.
NEUTRAL = {
    "data", "pos", "position", "coord", "coords", "point", "event", "current", "cur", "raw", "loc",
    "location", "get", "response", "tracking", "tracker", "value", "values", "sample", "samples",
    "track", "trajectory", "events", "points", "positions", "log",
}  # fmt: skip
PREFERRED = {
    "page": 1, "client": 2, "mouse": 3, "cursor": 3, "pointer": 3, "maus": 3, "souris": 3,
    "ratón": 3, "screen": 4,
}  # fmt: skip
STRANGE = {
    "target", "targ", "goal", "start", "end", "stop", "button", "btn", "delta", "d", "diff", "move",
    "movement", "vel", "velocity", "speed", "acc", "acceleration", "gaze", "eye", "pupil",
    "fixation", "fix", "left", "right", "window", "win", "viewport", "scroll", "offset", "center",
    "centre", "origin", "element", "elem", "box", "rect", "stim", "stimulus", "image", "img",
    "size", "width", "height", "res", "resolution", "max", "min", "mean", "sd", "flips", "norm",
    "avg", "av", "line", "axis", "por", "l", "r", "saccade", "head", "ziel", "blick", "auge",
    "cible",
}  # fmt: skip
TIMES = (
    "time", "client_timestamp", "timestamp", "timestamps", "t", "ts", "time_stamp", "mouse_time",
    "event_time", "sample_time", "when", "datetime", "date_time", "utc", "epoch", "unix_time",
    "unixtime", "recording_timestamp", "record_timestamp", "elapsed", "elapsed_time",
    "time_elapsed", "clock", "times", "ms", "millis", "milliseconds", "seconds", "sec", "date",
    "zeit", "zeitstempel", "uhrzeit", "temps", "tiempo", "tempo", "heure", "hora", "tijd", "czas",
    "время", "时间", "時間",
)  # fmt: skip
DATES = {"date", "datum", "day", "fecha", "data"}
DELTAS = {
    "delta", "deltas", "dt", "delta_t", "time_delta", "delta_time", "time_diff", "diff",
    "time_difference", "timedelta", "interval", "intervals", "step", "δt",
}  # fmt: skip
NOT_THE_TIME = {
    "response", "reaction", "rt", "start", "end", "movement", "total", "duration", "onset", "load",
    "initiation", "init", "max", "min", "mean", "idle", "zone", "out", "limit",
}  # fmt: skip
SEQS = {"seq", "sequence", "mt_seq", "seq_nr", "seq_no", "index", "sample_index"}
NUMBERS = {
    "nr", "no", "number", "num", "n", "id", "index", "idx", "count", "code", "key", "name", "uuid",
    "this", "exp", "rec", "private", "public", "nummer", "numéro", "número", "numero",
}  # fmt: skip
PEOPLE = {
    "participant", "participants", "subject", "subjects", "subj", "sub", "user", "person", "ppt",
    "respondent", "worker", "prolific", "proband", "vp", "vpn", "player", "versuchsperson",
    "visitor", "visitors", "client", "teilnehmer", "teilnehmerin", "probandin", "sujet", "sujeto",
    "participante", "partecipante", "soggetto", "deelnemer", "proefpersoon",
}  # fmt: skip
PEOPLE_KEYS = {"pid", "uid", "subid", "ppn", "participant_private_id", "participant_public_id"}
SESSIONS = {"session", "sessions", "sess", "recording", "visit"}
POINTERS = {
    "pointer_id", "cursor", "cursor_id", "device", "device_id", "mouse_id", "touch_id", "finger",
    "finger_id", "tab", "tab_id",
}  # fmt: skip
TRIALS = {"trial", "trials", "trialnr", "trialno", "durchgang", "essai", "ensayo", "prova"}
BLOCKS = {"block", "blocks", "run", "round", "bloc", "bloque", "blocco"}
CONDITIONS = {
    "condition", "conditions", "cond", "bedingung", "condición", "condizione", "conditie",
}  # fmt: skip
CORRECT = "correct"
RESPONSES = {
    "response", "resp", "answer", "choice", "antwort", "réponse", "respuesta", "risposta", CORRECT,
}  # fmt: skip
KINDS = {
    "event", "event_type", "event_name", "type", "kind", "action", "state", "button", "message",
    "msg", "input", "input_type", "activity", "operation",
}  # fmt: skip
# Columns that an eye tracker writes beside the place where an eye looks. A fixation is not among
# them, because experiments show a cross of this name.
EYES = {"pupil", "pupils", "saccade", "saccades", "blink", "blinks"}
# Columns of the fraction of a second, beside a clock of whole seconds.
FRACTIONS = {
    "ms", "msec", "millis", "millisecond", "milliseconds", "us", "usec", "microsecond",
    "microseconds", "ns", "nanoseconds", "fraction",
}  # fmt: skip

# Kinds of events that have no position, or repeat one, reduced to their letters.
NO_POSITION = {
    "focus", "blur", "focusin", "focusout", "load", "unload", "beforeunload", "pagehide",
    "pageshow", "visibilitychange", "visibility", "resize", "hashchange", "popstate", "copy",
    "paste", "cut", "input", "change", "submit", "select", "hidden", "visible",
}  # fmt: skip


def has_no_position(kind: Any) -> bool:
    """Return whether a kind of event carries no position of the pointer."""
    letters = "".join(filter(str.isalpha, str(kind).lower())).removeprefix("on")
    return (
        "scroll" in letters
        or "wheel" in letters
        or letters.startswith("key")
        or letters.removeprefix("window") in NO_POSITION
    )
