"""Requirements name packages, versions and hashes. Where they come from is the installer's matter."""

import re

import pytest

from tests.architecture.house import ROOT

HOST = re.compile(r"://|--(extra-)?index-url|--find-links|--trusted-host|^-[if] ", re.MULTILINE)
PIN = re.compile(r"^[A-Za-z0-9][A-Za-z0-9._-]*(\[[a-z0-9,-]+\])?==[^\s;\\]+", re.MULTILINE)


def named_hosts(text: str) -> list[str]:
    return [match.group() for match in HOST.finditer(text)]


def unpinned(text: str) -> list[str]:
    lines = [line.strip() for line in text.splitlines()]
    wanted = [line for line in lines if line and not line.startswith(("#", "-r ", "-c ", "--hash"))]
    return [line for line in wanted if not PIN.match(line)]


def unhashed(text: str) -> list[str]:
    """Pins that no hash follows on the next line."""
    lines = text.splitlines()
    return [
        line
        for line, following in zip(lines, [*lines[1:], ""], strict=True)
        if PIN.match(line) and "--hash=" not in following
    ]


FILES = sorted(ROOT.glob("requirements*"))


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.name)
def test_no_file_names_a_host(path):
    assert named_hosts(path.read_text()) == []


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.name)
def test_every_package_is_pinned(path):
    assert unpinned(path.read_text()) == []


@pytest.mark.parametrize("path", [p for p in FILES if p.suffix == ".txt"], ids=lambda p: p.name)
def test_every_locked_package_has_hashes(path):
    assert unhashed(path.read_text()) == []


@pytest.mark.parametrize(
    "bad",
    [
        "--index-url https://packages.example/simple",
        "django @ https://packages.example/django.whl",
        "--find-links wheels",
    ],
)
def test_control_a_host_is_seen(bad):
    assert named_hosts(bad)


def test_control_a_loose_version_is_seen():
    assert unpinned("django>=5")
    assert unhashed("django==5.2.19\nredis==7.4.1 \\\n    --hash=sha256:ab") == ["django==5.2.19"]
