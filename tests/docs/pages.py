"""The documentation, read as text: pages, links, and the code blocks in them."""

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
# Pictures that are taken from a running console.
TAKEN_LATER = {"docs/images/console-dashboard.png"}
AT_THE_ROOT = ("README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md")

FENCE = re.compile(r"^```(\w*)[^\n]*\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
ROW = re.compile(r"^\|(.+)\|$", re.MULTILINE)


@dataclass(frozen=True)
class Page:
    path: Path
    text: str

    @property
    def name(self) -> str:
        return str(self.path.relative_to(ROOT))

    def blocks(self, *languages: str) -> list[str]:
        return [body for language, body in FENCE.findall(self.text) if language in languages]

    @property
    def flat(self) -> str:
        """Without line breaks, for phrases that may run over one."""
        return " ".join(self.text.split())

    @property
    def prose(self) -> str:
        """Without code blocks."""
        return FENCE.sub("", self.text)

    @property
    def links(self) -> list[str]:
        return LINK.findall(self.prose)

    @property
    def anchors(self) -> set[str]:
        return {_slug(heading) for heading in HEADING.findall(self.prose)}

    def below(self, heading: str) -> str:
        """The text between a heading and the next one of any depth."""
        _, _, rest = self.text.partition(f"{heading}\n")
        return re.split(r"^#+ ", rest, maxsplit=1, flags=re.MULTILINE)[0]


def pages() -> list[Page]:
    found = [*sorted(DOCS.rglob("*.md")), *(ROOT / name for name in AT_THE_ROOT)]
    return [Page(path, path.read_text()) for path in found]


def page(name: str) -> Page:
    return Page(ROOT / name, (ROOT / name).read_text())


def commands(text: str) -> Iterator[list[str]]:
    """The words of each command in a console block: lines after `$ `, comments and output left out."""
    for line in text.splitlines():
        if line.startswith("$ "):
            yield shlex.split(line[2:], comments=True)


def first_column(markdown: str) -> list[str]:
    """What stands in code marks in the first cell of each row of the tables in the text."""
    cells = [row.split("|")[0].strip() for row in ROW.findall(markdown)]
    return [cell.strip("`") for cell in cells if cell.startswith("`")]


def _slug(heading: str) -> str:
    plain = re.sub(r"[^\w\s-]", "", heading.strip().lower())
    return re.sub(r"[-\s]+", "-", plain)
