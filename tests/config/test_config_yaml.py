"""The config.yaml that ships: it starts as it is, and is the whole and true reference of every key."""

import json
import re
from pathlib import Path
from typing import Any, get_args, get_origin

import pytest
from pydantic import SecretStr

from engine.config import agents_of, campaigns_of, load
from engine.config.base import Section
from engine.config.models import Config
from engine.domain import strict_yaml
from engine.domain.campaign import Mode

PATH = Path(__file__).parents[2] / "config.yaml"
TEXT = PATH.read_text(encoding="utf-8")
FULL = re.sub(r"(?m)^( *)#(?=[^ #\n])", r"\1", TEXT)  # every `#key: value` taken into use
WRITTEN = strict_yaml.load(TEXT, "config.yaml")
WHOLE = strict_yaml.load(FULL, "config.yaml")


def sections(kind: Any, path: strict_yaml.Path = ()) -> list[tuple[strict_yaml.Path, type[Section]]]:
    """Each kind of section with the path of its first example."""
    if isinstance(kind, type) and issubclass(kind, Section):
        below = [
            found
            for key, field in kind.model_fields.items()
            for found in sections(field.annotation, (*path, key))
        ]
        return [(path, kind), *below]
    if get_origin(kind) is tuple:
        return sections(get_args(kind)[0], (*path, 0))
    if get_origin(kind) is dict:
        inner = at(WHOLE.data, path)
        return sections(get_args(kind)[1], (*path, next(iter(inner), "none given")))
    return []


def at(data: Any, path: strict_yaml.Path) -> Any:
    for step in path:
        data = data[step]
    return data


def as_written(value: Any) -> Any:
    """A default as YAML has it."""
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    if isinstance(value, Section):
        return {key: as_written(getattr(value, key)) for key in type(value).model_fields}
    return json.loads(json.dumps(value))


SECTIONS = sections(Config)
KEYS = [(path, key, kind.model_fields[key]) for path, kind in SECTIONS for key in kind.model_fields]
LEAVES = [
    (path, key, field)
    for path, key, field in KEYS
    if path and not (isinstance(field.annotation, type) and issubclass(field.annotation, Section))
]
ids = [strict_yaml.dotted((*path, key)) for path, key, _ in LEAVES]


@pytest.mark.parametrize(("path", "kind"), SECTIONS, ids=[strict_yaml.dotted(path) for path, _ in SECTIONS])
def test_every_key_there_is_stands_in_the_file_and_no_other(path, kind):
    assert set(at(WHOLE.data, path)) == set(kind.model_fields)


@pytest.mark.parametrize(("path", "key", "field"), LEAVES, ids=ids)
def test_every_key_is_explained_by_its_description_and_bounds(path, key, field):
    line = int(WHOLE.where((*path, key), key=True).split(":")[1]) - 1
    lines = FULL.split("\n")
    comments = [lines[line].partition("  # ")[2], lines[line - 1].strip().removeprefix("# ")]
    assert f"{field.description}{bounds(field)}" in comments


@pytest.mark.parametrize(("path", "key", "field"), LEAVES, ids=ids)
def test_a_value_written_as_a_default_is_the_default(path, key, field):
    written = at(WHOLE.data, (*path, key))
    if is_active((*path, key)) or field.is_required() or written is None:
        return
    if isinstance(written, str) and written.startswith("${"):
        pytest.skip("an example of a secret")
    assert (written, type(written)) == (as_written(field.default), type(as_written(field.default)))


def is_active(path: strict_yaml.Path) -> bool:
    try:
        at(WRITTEN.data, path)
    except (KeyError, TypeError, IndexError):
        return False
    return True


def bounds(field: Any) -> str:
    given = {
        name: getattr(bound, name)
        for bound in field.metadata
        for name in ("ge", "gt", "le")
        if hasattr(bound, name)
    }
    least = given.get("ge", given.get("gt"))
    if least is None or (least, given.get("le")) == (1, 65535):
        return ""
    shown = f">{least:g}" if "gt" in given else f"{least:g}"
    return f" [{shown}–{number(given['le'])}]" if "le" in given else f" [{shown} and more]"


def number(value: float) -> str:
    return str(int(value)) if value == int(value) else str(value)


def test_every_number_has_its_unit_in_its_name_or_is_a_count():
    counts = {"port", "sip_port", "rtp_first_port", "rtp_last_port", "seed", "speed", "channels", "shards"}
    counts |= {
        "rest_after_failures",
        "daily_cap",
        "confirm_replicas",
        "max_calls",
        "processes",
        "workers",
        "queue",
    }
    counts |= {"priority", "limit", "attempts_limit", "contacts", "agents"}
    counts |= {"least_audits", "lost_person_cost"}
    counts |= {"cap", "cancel_share", "largest_ratio", "reserve"}  # fractions, and counts of agents and calls
    unit = re.compile(r".*(_s|_ms|_per_s|_per_min|_days|_share)$")
    numbers = {key for _, key, field in KEYS if field.annotation in (int, float)}
    assert {key for key in numbers - counts if not unit.match(key)} == set()


def test_it_starts_as_it_is_without_any_environment():
    config = load(PATH, environ={})
    assert config.switches == ()
    assert {campaign.mode for campaign in campaigns_of(config).values()} == {Mode.PROGRESSIVE, Mode.ROBOT}
    assert len(agents_of(config)) == config.demo.agents == 5


def test_it_also_starts_with_every_commented_key_taken_into_use(tmp_path):
    text = FULL.replace("scenarios/", f"{PATH.parent}/scenarios/")
    (tmp_path / "config.yaml").write_text(text, encoding="utf-8")
    config = load(tmp_path / "config.yaml", environ={"PROZVON_API_TOKEN": "t0ken-t0ken-t0ken"})
    assert config.switches[0].password.get_secret_value() == "ClueCon"
    assert config.api.tokens[0].token.get_secret_value() == "t0ken-t0ken-t0ken"


def test_editors_are_told_where_its_schema_is():
    header = TEXT.split("\n", 1)[0]
    schema = header.removeprefix("# yaml-language-server: $schema=")
    assert (PATH.parent / schema).is_file()
