"""The image without an engine: the files that its Dockerfile copies, in a folder."""

import fnmatch
import re
import shutil
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DOCKERFILE = ROOT / "deploy" / "Dockerfile"


def instructions(word: str) -> list[str]:
    """Return the arguments of an instruction (COPY, ENV, …) in the last stage, one line each."""
    text = DOCKERFILE.read_text().replace("\\\n", " ")
    last_stage = re.split(r"(?m)^FROM ", text)[-1]
    return re.findall(rf"(?m)^{word} (.+)$", last_stage)


def environment() -> dict[str, str]:
    """Return the variables that the image sets."""
    words = " ".join(instructions("ENV")).split()
    return dict(word.split("=", 1) for word in words)


def lay_out(folder: Path) -> None:
    """Copy the image's files from the checkout into the folder, with the chart library."""
    for copy in instructions("COPY"):
        *sources, target = copy.split()
        if sources[0] == "--from=charts":
            shutil.copytree(ROOT / target, folder / target)
        elif not sources[0].startswith("--from="):
            for source in sources:
                _copy(source, folder, target)


def _copy(source: str, folder: Path, target: str) -> None:
    """Copy as COPY does: a folder's files go into the target, a file may be renamed."""
    to = folder / target
    for file in _files(ROOT / source):
        path = to / file.relative_to(ROOT / source) if (ROOT / source).is_dir() else to
        path = path / file.name if target.endswith("/") else path
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(file, path)


def _files(source: Path) -> list[Path]:
    files = [source] if source.is_file() else [path for path in source.rglob("*") if path.is_file()]
    return [file for file in files if not is_ignored(file.relative_to(ROOT))]


def is_ignored(path: Path) -> bool:
    """Return whether .dockerignore excludes a path: its last matching line decides."""
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    fits = [line for line in lines if line and line[0] != "#" and _fits(path, line.lstrip("!"))]
    return bool(fits) and not fits[-1].startswith("!")


def _fits(path: Path, pattern: str) -> bool:
    """Return whether a pattern matches the path or a folder above it; a star matches no slash."""
    if pattern.startswith("**/"):
        return any(fnmatch.fnmatch(part, pattern[3:]) for part in path.parts)
    depth = pattern.count("/") + 1
    return fnmatch.fnmatch("/".join(path.parts[:depth]), pattern)
