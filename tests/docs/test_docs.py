"""The pages keep their word: links lead somewhere, commands exist, the tests they name are there."""

import argparse
import ast
import re
import tomllib
from functools import cache
from pathlib import Path

import pytest

from engine import cli
from engine.compliance.packs import PACKS

ROOT = Path(__file__).parents[2]
PAGES = sorted(
    path for folder in (ROOT, ROOT / "docs", ROOT / "freeswitch-conf") for path in folder.glob("*.md")
)
NAMES = [page.relative_to(ROOT).as_posix() for page in PAGES]
FRONT = ("README.md", "ARCHITECTURE.md", "GLOSSARY.md", "CHANGELOG.md", "CONTRIBUTING.md")


def text_of(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def anchors(page: Path) -> set[str]:
    """The names that headings of a page can be linked by."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


@cache
def functions_of(path: Path) -> frozenset[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))


def known_commands(parser: argparse.ArgumentParser, before: tuple[str, ...] = ()) -> set[tuple[str, ...]]:
    found = {before}
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for name, inner in action.choices.items():
                found |= known_commands(inner, (*before, name))
    return found


def test_the_pages_of_a_front_door_are_there() -> None:
    assert set(FRONT) <= set(NAMES)
    assert (ROOT / "LICENSE").exists()


@pytest.mark.parametrize("name", NAMES)
def test_every_link_of_a_page_leads_somewhere(name: str) -> None:
    page = ROOT / name
    prose = re.sub(r"```.*?```", "", text_of(name), flags=re.DOTALL)
    for target in re.findall(r"\]\(([^)\s]+)\)", prose):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        there = (page.parent / path).resolve() if path else page
        assert there.exists(), f"{name} links to {target}"
        assert ROOT in there.parents, f"{name} links to {target}, outside the project"
        if anchor:
            assert anchor in anchors(there), f"{name} links to {target}: no such heading"


@pytest.mark.parametrize("name", NAMES)
def test_every_make_target_a_page_names_is_in_the_makefile(name: str) -> None:
    targets = set(re.findall(r"^([a-z-]+):", text_of("Makefile"), re.MULTILINE))
    code = re.findall(r"```sh\n(.*?)```", text_of(name), re.DOTALL) + re.findall(
        r"`([^`\n]+)`", text_of(name)
    )
    named = re.findall(r"\bmake (?:[A-Z]+=\S+ )*([a-z][a-z-]*)", "\n".join(code))
    assert set(named) <= targets


@pytest.mark.parametrize("name", NAMES)
def test_every_command_a_page_names_is_one_of_prozvon(name: str) -> None:
    commands = known_commands(cli.build())
    code = re.findall(r"```sh\n(.*?)```", text_of(name), re.DOTALL) + re.findall(
        r"`([^`\n]+)`", text_of(name)
    )
    for line in "\n".join(code).splitlines():
        found = re.match(r"(?:\.venv/bin/)?prozvon ([a-z]+)(?: ([a-z]+))?", line.strip())
        if found is None:
            continue
        first, second = found[1], found[2]
        assert (first,) in commands, f"{name}: {line}"
        nested = {command[1] for command in commands if len(command) == 2 and command[0] == first}
        assert not (nested and second) or second in nested, f"{name}: {line}"


@pytest.mark.parametrize("name", NAMES)
def test_every_test_a_page_names_is_there(name: str) -> None:
    for path, test in re.findall(r"(tests/[\w/]+\.py)(?:::(\w+))?", text_of(name)):
        assert (ROOT / path).exists(), f"{name} names {path}"
        assert not test or test in functions_of(ROOT / path), f"{name} names {path}::{test}"


def test_the_snippet_of_the_tour_is_a_right_configuration(tmp_path: Path, monkeypatch, capsys) -> None:
    tour = text_of("README.md").split("## Ten minutes to a real FreeSWITCH")[1]
    block = re.search(r"```yaml\n(.*?)```", tour, re.DOTALL)
    assert block
    lines = block[1].splitlines()
    (tmp_path / "config.yaml").write_text("\n".join(line[3:] for line in lines), encoding="utf-8")
    monkeypatch.setenv("PROZVON_ESL_PASSWORD", "not-the-well-known-one")
    assert cli.main(["--config", str(tmp_path / "config.yaml"), "config", "check"]) == 0, capsys.readouterr()


def test_the_architecture_tells_of_every_room_and_of_none_that_is_not_there() -> None:
    rooms = {path.name for path in (ROOT / "engine").iterdir() if not path.name.startswith("_")}
    told = set(re.findall(r"`engine/([\w.]+)/?`", text_of("ARCHITECTURE.md")))
    assert told == rooms


def test_the_places_where_laws_live_are_there() -> None:
    for row in re.findall(r"^\| \d+ \| .*$", text_of("ARCHITECTURE.md"), re.MULTILINE):
        for place in re.findall(r"`([\w/]+\.(?:py|lua))`", row.split("|")[3]):
            assert (ROOT / "engine" / place).exists(), place


def test_every_promised_feature_has_its_row_its_status_and_its_proof() -> None:
    rows = re.findall(r"^\| ((?:[FB]\d+ ?)+)\| (.*) \|$", text_of("docs/features.md"), re.MULTILINE)
    ids = [one for ids, _ in rows for one in ids.split()]
    assert sorted(ids) == sorted(set(ids))
    assert set(ids) == {f"F{n:02d}" for n in range(1, 94)} | {f"B{n}" for n in range(1, 23)}
    for ids_of_row, cells in rows:
        status, proof = cells.split(" | ")[1], cells.split("|")[-1]
        assert status in ("done", "partly", "later"), ids_of_row
        assert status == "later" or "tests/" in proof, f"{ids_of_row} has no proof"


def test_the_changelog_has_a_place_for_what_comes_and_names_the_version() -> None:
    version = tomllib.loads(text_of("pyproject.toml"))["project"]["version"]
    assert "## [Unreleased]" in text_of("CHANGELOG.md")
    assert version in text_of("CHANGELOG.md")


def test_the_rule_packs_of_the_changelog_are_those_there_are() -> None:
    for pack in PACKS:
        assert pack in text_of("CHANGELOG.md")
