"""The configuration in force, printed."""

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from engine.config import read
from engine.config.models import Config
from engine.config.show import as_plain, as_yaml
from engine.domain import strict_yaml


def test_every_default_comes_back_from_what_is_shown():
    shown = as_yaml(as_plain(Config()))
    assert read(shown, "shown", {}, Path()) == read("", "empty", {}, Path()) == Config()


def test_secrets_are_masked():
    config = read("switches: [{name: a, password: hunter2}]", "c", {}, Path())
    assert "hunter2" not in as_yaml(as_plain(config))
    assert "hunter2" not in str(as_plain(config))


@given(
    st.dictionaries(
        st.text(st.characters(codec="ascii", categories=["Ll"]), min_size=1), st.text(max_size=20)
    )
)
def test_any_text_shown_is_read_back_as_it_was(texts):
    assert (strict_yaml.load(as_yaml(texts), "shown").data or {}) == texts
