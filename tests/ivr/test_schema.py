"""The schema that editors use is the one the verbs have."""

from pathlib import Path

from engine.ivr import schema
from engine.ivr.verbs import VERBS

FILE = Path(__file__).parents[2] / "docs/schema/scenario.v1.json"


def test_the_schema_in_docs_is_fresh():
    assert FILE.read_text() == schema.text(), "run: make schema"


def test_every_verb_and_parameter_is_in_it_with_its_meaning():
    parts = schema.json_schema()["$defs"]
    for verb, kind in VERBS.items():
        assert verb in parts["Node"]["properties"]
        for name, field in kind.model_fields.items():
            assert field.description, f"{verb}.{name} says nothing of its meaning"
            assert (field.alias or name) in parts[kind.__name__]["properties"]


def test_each_verb_is_a_file_of_its_own():
    for verb, kind in VERBS.items():
        assert kind.__module__ == f"engine.ivr.verbs.{verb}"
