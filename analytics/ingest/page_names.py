"""Names of pages as stored: without queries, fragments, parameters, and whatever names a person.

The wire does not say whether a name is a path or was chosen by the site, so one rule holds for
both. docs/tracker.md tells sites what it does.
"""

import re
import unicodedata
from functools import lru_cache
from urllib.parse import unquote

MAX_LENGTH = 200
ANONYMOUS = "*"
DECODINGS = 4

QUERY = re.compile(r"[?#].*", re.DOTALL)
PARAMETERS = re.compile(r";[^/]*")
UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
# With `@` it is an e-mail address, or a person's name on many sites.
IDENTIFIER = re.compile(rf"@|\d{{6}}|[0-9a-f]{{16}}|{UUID}", re.IGNORECASE)
# Of base64, in both of its alphabets; the other characters of it separate words.
WORD = re.compile(r"[A-Za-z0-9]+")
LONG = 16
MIXED = re.compile(r"[a-z][A-Z]|[A-Za-z][0-9]|[0-9][A-Za-z]")


@lru_cache(maxsize=4096)
def normalise(name: str) -> str:
    """Return the name of a page as it may be stored; `/` if nothing is left of it.

    A segment that looks like an identifier becomes `*`. Empty segments, a slash at the end and
    characters that do not print are dropped. Case stays, because it tells addresses apart.
    """
    text = PARAMETERS.sub("", QUERY.sub("", _decode(name)))
    text = unicodedata.normalize("NFC", "".join(filter(str.isprintable, text))).strip()
    segments = [_anonymise(segment) for segment in text.split("/") if segment]
    return ("/" * text.startswith("/") + "/".join(segments))[:MAX_LENGTH] or "/"


def _decode(text: str) -> str:
    """Decode percent-encoding, also where it was applied repeatedly: `%2540` hides an `@`."""
    for _ in range(DECODINGS):
        text = unquote(text)
    return text


def _anonymise(segment: str) -> str:
    return ANONYMOUS if IDENTIFIER.search(segment) or _is_token(segment) else segment


def _is_token(segment: str) -> bool:
    """Return whether it looks like sixteen or more characters of base64.

    Words tell it from a title such as `the-internationalisation-of-2026`: those of a token mix
    letters with digits, or have a capital after a small letter. One such word of sixteen
    characters is a token; so is a segment of sixteen of which most is in such words.
    """
    mixed = [len(word) for word in WORD.findall(segment) if MIXED.search(word)]
    is_mostly_mixed = len(segment) >= LONG and 2 * sum(mixed) > len(segment)
    return is_mostly_mixed or any(length >= LONG for length in mixed)
