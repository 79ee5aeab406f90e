"""The site builds without a warning and without a network."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.pages import ROOT, TAKEN_LATER

LOADED = re.compile(r'<(?:script|img|iframe|link)\b[^>]*\b(?:src|href)="(https?:)?//[^"]+"')


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    where: Path = tmp_path_factory.mktemp("docs")
    shutil.copytree(ROOT / "docs", where / "docs")
    shutil.copy(ROOT / "mkdocs.yml", where)
    for picture in TAKEN_LATER:
        (where / picture).parent.mkdir(exist_ok=True)
        (where / picture).touch()
    built = build(where)
    assert built.returncode == 0, built.stderr
    return where / "site"


def build(where: Path) -> "subprocess.CompletedProcess[str]":
    """Not quietly: then warnings are not counted, and strict means nothing."""
    return subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict"],
        cwd=where,
        check=False,
        capture_output=True,
        text=True,
    )


@pytest.mark.slow
def test_nothing_is_loaded_from_elsewhere(site):
    pages = list(site.rglob("*.html"))
    assert len(pages) > 30
    assert [p.name for p in pages if LOADED.search(p.read_text())] == []


@pytest.mark.slow
def test_control_a_warning_is_an_error(tmp_path):
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs/index.md").write_text("[nowhere](nowhere.md)")
    (tmp_path / "mkdocs.yml").write_text("site_name: Zerosum")
    assert build(tmp_path).returncode != 0


def test_control_a_font_from_elsewhere_is_seen():
    assert LOADED.search('<link rel="stylesheet" href="https://fonts.example/css">')
    assert not LOADED.search('<a href="https://www.rfc-editor.org/rfc/rfc9421">')
