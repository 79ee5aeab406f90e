"""The site builds without a warning and without a network."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.pages import ROOT

LOADED = re.compile(r'<(?:script|img|iframe|link)\b[^>]*\b(?:src|href)="(https?:)?//[^"]+"')


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    where: Path = tmp_path_factory.mktemp("site")
    subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(where)],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    return where


@pytest.mark.slow
def test_nothing_is_loaded_from_elsewhere(site):
    pages = list(site.rglob("*.html"))
    assert len(pages) > 30
    assert [p.name for p in pages if LOADED.search(p.read_text())] == []


def test_control_a_font_from_elsewhere_is_seen():
    assert LOADED.search('<link rel="stylesheet" href="https://fonts.example/css">')
    assert not LOADED.search('<a href="https://www.rfc-editor.org/rfc/rfc9421">')
