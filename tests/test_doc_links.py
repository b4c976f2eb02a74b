"""The docs are connected: every link has a target, and the index has every page."""

import re
from collections.abc import Iterator
from pathlib import Path

from tests.service import ROOT

README = ROOT / "README.md"
INDEX = ROOT / "docs" / "README.md"
PAGES = [README, ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md"))]
FENCED = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r'\]\(([^)\s]+)\)|\bsrc(?:set)?="([^"]+)"')
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)


def prose(page: Path) -> str:
    return FENCED.sub("", page.read_text())


def links(page: Path) -> Iterator[tuple[Path, str]]:
    """Yield the file and the anchor of each link within the repository."""
    for target in ("".join(groups) for groups in LINK.findall(prose(page))):
        if not target.startswith(("https://", "http://")):
            path, _, anchor = target.partition("#")
            yield (page.parent / path).resolve() if path else page, anchor


def anchors(page: Path) -> set[str]:
    """Return the headings' names in addresses, as GitHub makes them."""
    headings = HEADING.findall(prose(page))
    return {re.sub(r"[^\w\- ]", "", heading).lower().replace(" ", "-") for heading in headings}


def test_every_link_has_a_target() -> None:
    astray = [
        f"{page.name}: {file.name}#{anchor}"
        for page in PAGES
        for file, anchor in links(page)
        if not file.exists() or (anchor and anchor not in anchors(file))
    ]
    assert astray == []


def test_the_index_leads_to_every_page() -> None:
    assert set(PAGES) - {README, INDEX} == {file for file, _ in links(INDEX)}


def test_readme_leads_on_by_five_links_of_which_one_is_the_index() -> None:
    read_on = prose(README).partition("## Read on\n")[2]
    targets = re.findall(r"^- \[[^]]+\]\(([^)]+)\)", read_on, re.MULTILINE)
    assert len(targets) == 5
    assert "docs/README.md" in targets
