"""Links lead somewhere, commands exist, JSON is JSON, and the words are ours."""

import json
import re
from itertools import dropwhile
from pathlib import Path

import pytest
from django.core.management import get_commands, load_command_class

from tests.docs.pages import DOCS, FENCE, ROOT, TAKEN_LATER, Page, commands, page, pages

PAGES = pages()
HOLLOW = re.compile(
    r"\b(comprehensive\w*|robust\w*|seamless\w*|leverag\w+|cutting.edge|state.of.the.art|blazing\w*"
    r"|effortless\w*|world.class|enterprise.grade|powerful|revolution\w*|best.in.class|delve\w*)\b",
    re.IGNORECASE,
)
PICTOGRAPHS = re.compile("[\U0001f000-\U0001faff\u2600-\u27bf\ufe0f]")


def broken(found: Page) -> list[str]:
    """Relative links to files or headings that are not there."""
    missing = []
    for link in found.links:
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = link.partition("#")
        target = (found.path.parent / path).resolve() if path else found.path
        if not target.exists():
            if target.is_relative_to(ROOT) and str(target.relative_to(ROOT)) in TAKEN_LATER:
                continue
            missing.append(link)
        elif anchor and anchor not in Page(target, target.read_text()).anchors:
            missing.append(link)
    return missing


def wrong_commands(text: str) -> list[str]:
    """Commands of ours that do not exist, or that do not know an option that is shown."""
    known, targets = get_commands(), make_targets()
    wrong = []
    for command in commands(text):
        words = list(dropwhile(lambda word: re.match(r"[A-Z_]+=", word), command))
        if words[:1] == ["make"] and not set(plain(words[1:])) <= targets:
            wrong.append(" ".join(words))
        if "manage.py" in words:
            name, *rest = words[words.index("manage.py") + 1 :]
            if name not in known or unknown_options(name, rest):
                wrong.append(" ".join(words))
    return wrong


def plain(words: list[str]) -> list[str]:
    return [word for word in words if "=" not in word and not word.startswith("-")]


def make_targets() -> set[str]:
    return set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))


def unknown_options(name: str, words: list[str]) -> list[str]:
    parser = load_command_class(get_commands()[name], name).create_parser("manage.py", name)
    options = {option for action in parser._actions for option in action.option_strings}
    return [word for word in words if word.startswith("--") and word.split("=")[0] not in options]


@pytest.mark.parametrize("found", PAGES, ids=lambda p: p.name)
def test_links_lead_somewhere(found):
    assert broken(found) == []


@pytest.mark.parametrize("found", PAGES, ids=lambda p: p.name)
def test_commands_exist(found):
    assert [w for block in found.blocks("console", "sh") for w in wrong_commands(block)] == []


@pytest.mark.parametrize("found", PAGES, ids=lambda p: p.name)
def test_json_is_json(found):
    for block in found.blocks("json"):
        json.loads(block)


@pytest.mark.parametrize("found", PAGES, ids=lambda p: p.name)
def test_python_is_python(found):
    for block in found.blocks("python"):
        compile(block, found.name, "exec")


@pytest.mark.parametrize("found", PAGES, ids=lambda p: p.name)
def test_every_block_says_what_it_is(found):
    assert "" not in [language for language, _ in FENCE.findall(found.text)]


@pytest.mark.parametrize("found", PAGES, ids=lambda p: p.name)
def test_no_word_promises_more_than_it_says(found):
    assert HOLLOW.findall(found.prose) == []
    assert PICTOGRAPHS.findall(found.text) == []


def test_every_page_is_in_the_navigation():
    nav = (ROOT / "mkdocs.yml").read_text()
    assert [
        str(p.relative_to(DOCS)) for p in DOCS.rglob("*.md") if str(p.relative_to(DOCS)) not in nav
    ] == []


def test_every_decision_is_in_the_index_and_has_its_parts():
    index = page("docs/adr/index.md").text
    decisions = sorted((DOCS / "adr").glob("[0-9]*.md"))
    assert [int(path.name[:4]) for path in decisions] == list(range(1, len(decisions) + 1))
    for path in decisions:
        text = path.read_text()
        title = re.match(r"# \d{4}\. (.+)\n", text)
        assert title, path
        assert f"[{title[1]}]({path.name})" in index
        for part in ("## What it is about", "## Decision", "## Alternatives", "## Price"):
            assert part in text, path
        assert len(text.split()) < 600, f"{path.name} is longer than a page"


def test_control_a_broken_link_is_seen(tmp_path):
    written = Page(DOCS / "x.md", "[there](nowhere.md) [here](index.md#no-such-heading)")
    assert broken(written) == ["nowhere.md", "index.md#no-such-heading"]


@pytest.mark.parametrize(
    "bad",
    [
        "$ make demmo",
        "$ .venv/bin/python manage.py verify_legder",
        "$ .venv/bin/python manage.py verify_ledger --jason",
    ],
)
def test_control_a_command_that_is_not_there_is_seen(bad):
    assert wrong_commands(bad)


def test_control_a_hollow_word_is_seen():
    assert HOLLOW.search("a robust platform")
    assert PICTOGRAPHS.search("done \u2705")


def test_the_licence_is_whole():
    text = Path(ROOT / "LICENSE").read_text()
    assert "Apache License" in text
    assert "The Zerosum authors" in text
    assert len(text.splitlines()) > 195
