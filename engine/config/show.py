"""The configuration in force, for people and scripts: defaults filled in, secrets masked."""

from typing import Any

import yaml

from engine.config.models import Config


def as_plain(config: Config) -> dict[str, Any]:
    """Plain data, ready for JSON. A secret is ********, and "" where there is none."""
    data: dict[str, Any] = config.model_dump(mode="json")
    return data


def as_yaml(data: dict[str, Any]) -> str:
    """The data as config.yaml could have it, in the order of the models."""
    text: str = yaml.dump(data, Dumper=_Quoting, sort_keys=False, allow_unicode=True, width=110)
    return text


class _Quoting(yaml.SafeDumper):
    """Quotes text, so that it is text for every reader; keys stay bare."""


def _text(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
    plain = value.isidentifier() and value not in (
        "yes",
        "no",
        "on",
        "off",
        "true",
        "false",
        "null",
        "y",
        "n",
    )
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=None if plain else '"')


_Quoting.add_representer(str, _text)
