"""docs/cli.md tells of every command, and of none that is not there."""

import argparse
import re
from collections.abc import Iterator
from pathlib import Path

from engine import cli

PAGE = (Path(__file__).parents[2] / "docs" / "cli.md").read_text(encoding="utf-8")


def commands(parser: argparse.ArgumentParser, before: str = "prozvon") -> Iterator[str]:
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for name, inner in action.choices.items():
                nested = list(commands(inner, f"{before} {name}"))
                yield from nested or [f"{before} {name}"]


def test_every_command_is_in_the_page():
    missing = [name for name in commands(cli.build()) if not re.search(rf"`{name}[ `]", PAGE)]
    assert missing == []


def test_the_page_tells_of_no_command_that_is_not_there():
    known = {" ".join(name.split()[:3]) for name in commands(cli.build())} | {
        "prozvon COMMAND",
        "prozvon run",
    }
    told = {" ".join(words.split()[:3]) for words in re.findall(r"`(prozvon [^`]*)`", PAGE)}
    assert [words for words in told if words not in known and " ".join(words.split()[:2]) not in known] == []


def test_the_exit_codes_of_the_page_are_those_of_the_help():
    assert set(re.findall(r"^\| (\d) \|", PAGE, re.M)) == set(re.findall(r"^    (\d)  ", cli.__doc__, re.M))
