"""What all commands share: parsers that teach, one way to print, one way to fail."""

import argparse
import json
import os
import re
import sys
from collections.abc import Callable
from enum import IntEnum
from importlib import metadata
from pathlib import Path
from typing import Any, NoReturn

from engine.control import NotFound, Refused
from engine.domain.errors import ConfigError, DialerError, did_you_mean


class Exit(IntEnum):
    """Exit codes, as the help of `prozvon` promises them."""

    OK = 0
    FAILED = 1
    USAGE = 2
    UNREACHABLE = 3
    REFUSED = 4


class Unreachable(DialerError):
    """There is no engine where the command looked for one. The fix says how to start it."""


class Parser(argparse.ArgumentParser):
    """Takes no abbreviations (they change meaning when options are added) and suggests the nearest name."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("formatter_class", argparse.RawDescriptionHelpFormatter)
        kwargs["allow_abbrev"] = False
        super().__init__(*args, **kwargs)

    def error(self, message: str) -> NoReturn:
        wrong = re.search(r"invalid choice: '([^']*)' \(choose from (.*)\)", message)
        if wrong:
            known = re.findall(r"[\w-]+", wrong[2])
            message = f"there is no '{wrong[1]}'. {did_you_mean(wrong[1], known)}"
        self.exit(Exit.USAGE, f"{self.prog}: {message}\nTry: {self.prog} --help\n")


Commands = argparse._SubParsersAction  # what add_subparsers gives; argparse has no public name for it


def top_parser(codes: str | None) -> Parser:
    parser = Parser(
        "prozvon",
        description="An outbound dialer engine that lives next to FreeSWITCH.",
        epilog=f"""\
examples:
  prozvon run --demo                  a whole campaign on the virtual switch, nothing else needed
  prozvon check                       everything that can be known before a call
  prozvon config show                 the configuration in force, secrets masked
  prozvon COMMAND --help              examples for every command

exit codes:
{_exit_codes(codes)}
""",
    )
    parser.add_argument("--version", action="version", version=f"prozvon {metadata.version('prozvon')}")
    _common(parser, top=True)
    return parser


def _exit_codes(text: str | None) -> str:
    return "\n".join(line[2:] for line in (text or "").splitlines() if re.match(r"    \d  ", line))


def command(
    commands: "Commands[Parser]",
    name: str,
    run: Callable[[argparse.Namespace], int],
    about: str,
    examples: str,
) -> Parser:
    """Declare a command. `about`: a sentence for the list and for its own help; `examples`: whole lines."""
    parser = commands.add_parser(
        name, help=about, description=f"{about[0].upper()}{about[1:]}.", epilog=f"examples:\n{examples}"
    )
    _common(parser, top=False)
    parser.set_defaults(run=run)
    return parser


def _common(parser: Parser, top: bool) -> None:
    """Before or after the command's name alike: the later one does not undo the earlier."""
    missing = argparse.SUPPRESS
    parser.add_argument(
        "--config",
        metavar="PATH",
        default=None if top else missing,
        help="the configuration (PROZVON_CONFIG, or ./config.yaml)",
    )
    parser.add_argument(
        "--json", action="store_true", default=False if top else missing, help="print JSON, for scripts"
    )


def config_path(args: argparse.Namespace) -> Path:
    return Path(args.config or os.environ.get("PROZVON_CONFIG") or "config.yaml")


def show(args: argparse.Namespace, data: Any, text: str) -> None:
    """Print the one answer of a command: `data` for scripts, `text` for people."""
    print(json.dumps(data, ensure_ascii=False, indent=1, default=str) if args.json else text)


def guarded(run: Callable[[], int], as_json: bool) -> int:
    """Run, and tell what was refused without a traceback. A reader that went away (| head) is no failure."""
    try:
        code = run()
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or Python complains at its own end
        return Exit.OK
    except SystemExit as ended:  # argparse has said what is wrong, or has given help
        return ended.code if isinstance(ended.code, int) else Exit.OK if ended.code is None else Exit.FAILED
    except KeyboardInterrupt:
        return 130  # as shells count an end by SIGINT
    except DialerError as error:
        _tell(error, as_json)
        return _code(error)
    return code


def _tell(error: DialerError, as_json: bool) -> None:
    problems = error.problems if isinstance(error, ConfigError) else ()
    if as_json:
        told: dict[str, Any] = {"what": error.what, "where": error.where, "fix": error.fix}
        if problems:
            told["problems"] = [
                {"where": one.place, "key": one.key, "what": one.what, "fix": one.fix} for one in problems
            ]
        print(json.dumps({"error": told}, ensure_ascii=False, indent=1))
    elif problems:
        print(*problems, sep="\n", file=sys.stderr)
    else:
        print(f"prozvon: {error}", file=sys.stderr)


def _code(error: DialerError) -> Exit:
    if isinstance(error, ConfigError):
        return Exit.USAGE
    if isinstance(error, Unreachable):
        return Exit.UNREACHABLE
    return Exit.REFUSED if isinstance(error, Refused | NotFound) else Exit.FAILED
