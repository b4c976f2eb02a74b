"""Find names that resemble settings but are none: a misspelt setting has no effect."""

from collections.abc import Collection, Iterator
from difflib import get_close_matches

# Compose, the Procfile and the scripts also read these from `.env`.
OTHERS = frozenset(
    {"BACKUPS", "BACKUP_HOURS", "BACKUP_KEEP_DAYS", "DOMAIN", "TAG"}
    | {"LISTEN", "LIVE_PORT", "POINTERSCOPE_STATE", "WEB_WORKERS", "WORKER_PROCESSES"}
    | {"DJANGO_SETTINGS_MODULE"}
)
LIKELY, CERTAIN = 0.7, 0.88
# A short name resembles many.
SHORTEST = 6


def find_unknown(
    *, known: Collection[str], dotenv: Collection[str], environment: Collection[str]
) -> Iterator[str]:
    """Yield a line for each name in `.env` that is no setting, with the setting that it resembles.

    The environment holds many names that are not ours, so there only a name counts that differs
    from a setting by a letter or two.
    """
    names = sorted({*known, *OTHERS, *(f"{name}_FILE" for name in known)})
    for name in dotenv:
        if name not in names and not name.startswith("COMPOSE_"):
            yield _say(name, "in .env", get_close_matches(name, names, 1, LIKELY))
    for name in sorted(set(environment) - set(dotenv) - set(names)):
        if len(name) >= SHORTEST and (meant := get_close_matches(name, names, 1, CERTAIN)):
            yield _say(name, "in the environment", meant)


def _say(name: str, where: str, meant: list[str]) -> str:
    said = f"{name} {where} is not a setting and has no effect"
    return f"{said}; did you mean {meant[0]}?" if meant else said
