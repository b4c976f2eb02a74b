"""Trials that are left out of a study's figures and exports: by rule, or one by one."""

from typing import Any, NamedTuple

from django.db.models import F, Q, QuerySet

MOST_TRIALS = 1000
LARGEST_ID = 2**63 - 1

# Of docs/metrics.md (Quality of a trial): what a rule leaves out. A null is not left out.
RULES = {
    "slow": Q(sample_rate__lt=59.5),
    "gaps": Q(longest_gap__gt=0.1),
    "coarse": Q(same_times__gt=F("samples") * 0.1),
    "resized": Q(resized=True),
    "abandoned": Q(state="abandoned"),
    "wrong": Q(correct=False),
}


class Exclusion(NamedTuple):
    """The rules that leave trials out, and the ids of further trials."""

    rules: tuple[str, ...] = ()
    trials: tuple[int, ...] = ()


NOTHING = Exclusion()


def parse_exclusion(text: str) -> Exclusion:
    """Read names of RULES and ids of trials between commas. ValueError if it has anything else."""
    words = list(dict.fromkeys(word for word in text.split(",") if word))
    rules = tuple(word for word in words if word in RULES)
    others = [word for word in words if word not in RULES]
    if len(others) > MOST_TRIALS:
        raise ValueError(f"names more than {MOST_TRIALS:,} trials")
    if not all(word.isascii() and word.isdigit() and int(word) <= LARGEST_ID for word in others):
        raise ValueError(f"may have ids of trials and {', '.join(RULES)}, between commas")
    return Exclusion(rules, tuple(map(int, others)))


def leave_out(trials: QuerySet[Any], exclusion: Exclusion) -> QuerySet[Any]:
    """Return the trials that no rule and no id leaves out."""
    for rule in exclusion.rules:
        trials = trials.exclude(RULES[rule])
    return trials.exclude(pk__in=exclusion.trials) if exclusion.trials else trials
