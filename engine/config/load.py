"""config.yaml → Config, or one ConfigError with all that is wrong, each with its place and its mending."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from engine.config.checks import check
from engine.config.dialing import Campaign
from engine.config.files import text_of
from engine.config.models import Config
from engine.config.shape import prepare, validate
from engine.domain import strict_yaml
from engine.domain.errors import ConfigError, Problem
from engine.domain.strict_yaml import Document, dotted


def load(path: str | Path, environ: Mapping[str, str] | None = None) -> Config:
    """Read a file. `environ`: where ${NAME} is looked up, the process's own by default.

    Raises ConfigError, also when the file cannot be read.
    """
    file = Path(path)
    text = text_of(file, "the configuration", "Name the file with --config PATH or PROZVON_CONFIG.")
    return read(text, str(path), os.environ if environ is None else environ, file.parent)


def read(text: str, name: str, environ: Mapping[str, str], folder: Path) -> Config:
    """Read a text. `name`: what errors call it; `folder`: where relative files named in it are looked for."""
    return _read(strict_yaml.load(text, name), environ, folder)


def read_campaign(definition: Mapping[str, Any], config: Config, name: str = "campaign") -> Campaign:
    """A campaign that did not come from the file, checked against what `config` knows, e.g. from the API.

    Raises ConfigError whose problems have keys of the definition, such as `retries.busy.after_s`.
    """
    try:
        text = json.dumps({"campaigns": [dict(definition)]}, ensure_ascii=False)
    except (TypeError, ValueError) as error:
        raise ConfigError(f"not plain data: {error}", name, "Send a JSON object.") from None
    document = strict_yaml.load(text, name)
    known = {
        key: value
        for key, value in config.model_dump(mode="json").items()
        if key in ("switches", "gateways", "caller_ids", "teams", "agents", "prompts")
    }
    prepared = prepare(document, {})
    own = dict(prepared.data)
    validate(document, prepared)
    problems = prepared.problems + [
        document.problem(path, what, fix)
        for path, what, fix in check({**known, **own}, [], config.at)
        if path[0] == "campaigns"
    ]
    if problems:
        key = "campaigns[0]"
        raise ConfigError.of(
            Problem(name, problem.key.removeprefix(key).removeprefix("."), problem.what, problem.fix)
            for problem in problems
        )
    return Config.model_validate_json(json.dumps(own)).campaigns[0]


def _read(document: Document, environ: Mapping[str, str], folder: Path) -> Config:
    prepared = prepare(document, environ)
    config = validate(document, prepared)
    problems = list(prepared.problems)
    if isinstance(prepared.data, dict):
        told = {problem.key for problem in problems}  # what a wrong value leads to is not told on top of it
        found = check(prepared.data, prepared.literal_secrets, lambda path: folder / path)
        problems += [document.problem(*one) for one in found if dotted(one[0]) not in told]
    if problems or config is None:
        raise ConfigError.of(sorted(problems, key=_place))
    config._folder = folder
    return config


def _place(problem: Problem) -> tuple[int, int]:
    _, line, column = problem.place.rsplit(":", 2)
    return int(line), int(column)
