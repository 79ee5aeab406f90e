"""`python -m config.embedded`: up, down, status, env, exec."""

import argparse
import shlex
import signal
import sys

from config.embedded import binaries, control, places, postgres, supervisor, throwaway
from config.embedded.tree import Record, open_tree


def main(arguments: list[str]) -> int:
    options = _parser().parse_args(arguments)
    try:
        answer: int = options.run(options)
    except (
        binaries.ServerMissing,
        control.StartFailed,
        places.StateUnusable,
        postgres.ClusterRefused,
        throwaway.ServerSilent,
    ) as failure:
        sys.stderr.write(f"zerosum: {failure}\n")
        return 1
    except KeyboardInterrupt:
        return 128 + signal.SIGINT
    return answer


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m config.embedded", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    up = commands.add_parser("up", help="start the servers and the processes")
    up.add_argument("--foreground", action="store_true", help="stay, until Ctrl-C")
    up.add_argument("--wait", action="store_true", help="return when everything answers")
    up.add_argument("--servers", action="store_true", help="PostgreSQL and Valkey only")
    up.set_defaults(run=_up)

    down = commands.add_parser("down", help="stop everything")
    down.set_defaults(run=_down)

    status = commands.add_parser("status", help="exit 0 when everything is up")
    status.add_argument("--json", action="store_true")
    status.set_defaults(run=_status)

    env = commands.add_parser("env", help='for a shell beside the processes: eval "$(… env)"')
    env.add_argument("--owner", action="store_true", help="as the owner of the tables")
    env.set_defaults(run=_env)

    execute = commands.add_parser("exec", help="run a command beside throw-away servers")
    execute.add_argument("command", nargs=argparse.REMAINDER, metavar="-- COMMAND …")
    execute.set_defaults(run=_exec)
    return parser


def _up(options: argparse.Namespace) -> int:
    if options.foreground:
        return supervisor.supervise(open_tree(), servers_only=options.servers)
    record = control.up(wait=options.wait, servers_only=options.servers, say=_line)
    _show(record)
    return 0


def _down(options: argparse.Namespace) -> int:  # noqa: ARG001 - as its siblings
    _line("stopped" if control.down() else "nothing was running")
    return 0


def _status(options: argparse.Namespace) -> int:
    record = control.status()
    if options.json:
        _line(control.as_json(record))
    else:
        _show(record)
    return 0 if control.is_whole(record) else 1


def _env(options: argparse.Namespace) -> int:
    found = control.environment(owner=options.owner)
    for name, value in sorted(found.items()):
        _line(f"export {name}={shlex.quote(value)}")
    return 0 if found else 1


def _exec(options: argparse.Namespace) -> int:
    command = options.command[1:] if options.command[:1] == ["--"] else options.command
    if not command:
        sys.stderr.write("zerosum: exec needs a command\n")
        return 2
    return throwaway.execute(command)


def _show(record: Record) -> None:
    _line(f"{record.phase}{': ' + record.failure if record.failure else ''}")
    for name, address in record.addresses.items():
        _line(f"  {name:<10} {address}")
    for name, one in record.processes.items():
        again = f", started {one['restarts']} times again" if one["restarts"] else ""
        _line(f"  {name:<10} {one['state']} (pid {one['pid']}{again})")


def _line(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
