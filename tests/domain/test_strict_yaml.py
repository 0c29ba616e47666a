"""The strict YAML reader: the traps, the places, the bombs."""

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from engine.domain import strict_yaml
from engine.domain.errors import ConfigError
from engine.domain.strict_yaml import dotted, load


def problems(text: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load(text, "t.yaml")
    return [str(problem) for problem in caught.value.problems]


WORDS = "no on yes y Off = 0123 +48600100200 48600100200 6001002000 12:30 2026-11-21 1e10 0x1F 0o17 .inf .nan"
ODD_NUMBERS = "1_000 -0 1. .5 1.2.3 123456789012345678901234567890"


@pytest.mark.parametrize("written", f"{WORDS} {ODD_NUMBERS}".split())
def test_what_could_be_a_name_a_time_or_a_telephone_number_stays_text(written):
    assert load(f"key: {written}", "t").data == {"key": written}


NUMBERS = [("3", 3), ("-3", -3), ("0", 0), ("0.03", 0.03), ("-1.50", -1.5)]
SINGLE = [("true", True), ("FALSE", False), ("null", None), ("~", None), ("", None)]
QUOTED = [("'3'", "3"), ('"true"', "true"), ("''", "")]


@pytest.mark.parametrize(("written", "meant"), [*NUMBERS, *SINGLE, *QUOTED])
def test_numbers_and_booleans_are_what_they_look_like_unless_quoted(written, meant):
    value = load(f"key: {written}", "t").data["key"]
    assert (type(value), value) == (type(meant), meant)


def test_keys_are_text_as_written_whether_quoted_or_not():
    assert load("1: pay\n'2': agent\nno: x\n007: y\n'*': z", "t").data == {
        "1": "pay",
        "2": "agent",
        "no": "x",
        "007": "y",
        "*": "z",
    }


def test_a_key_written_twice_is_an_error_that_names_both_lines():
    assert problems("api:\n  port: 1\n  host: a\n  port: 2\n") == [
        "t.yaml:4:3: api.port: written twice, first in line 2. Keep one of them."
    ]


def test_everything_wrong_in_a_well_formed_text_is_said_at_once():
    found = problems("a: 1\na: 2\nb: [x, !!python/name:os.system y]\nc:\n  <<: {d: 1}\n")
    assert [line.split(": ")[0:2] for line in found] == [
        ["t.yaml:2:1", "a"],
        ["t.yaml:3:8", "b[1]"],
        ["t.yaml:5:3", "c.<<"],
    ]


def test_a_syntax_error_has_its_place():
    assert problems("a: 1\nb: [1, 2\nc: 3\n")[0].startswith("t.yaml:3:")


def test_a_tab_is_called_a_tab():
    assert "spaces" in problems("a:\n\tb: 1\n")[0]


@pytest.mark.parametrize("text", ["a: 1\n---\nb: 2\n", "--- 1\n--- 2\n"])
def test_a_second_document_is_refused(text):
    assert "second document" in problems(text)[0]


@pytest.mark.parametrize("text", ["? [a]\n: b", "{a: 1}: b", "? {x: y}\n: z", "- &x k\n- *x : v"])
def test_only_plain_text_can_be_a_key(text):
    assert "key" in problems(text)[0]


def test_an_alias_stands_for_the_value_it_names():
    document = load("hours: &usual {from: 09:00}\nother: *usual\n", "t")
    assert document.data["other"] == {"from": "09:00"}
    assert document.where(("other",)) == "t:2:8"
    assert document.where(("other", "from")) == "t:1:22"


@pytest.mark.parametrize("text", ["a: *nothing", "a: &a [*a]", "a: &a {b: *a}"])
def test_an_alias_without_anchor_or_within_itself_is_refused(text):
    assert "cannot be followed" in problems(text)[0]


def test_an_alias_bomb_is_refused_before_it_goes_off():
    levels = ["l0: &l0 [x, x, x, x, x, x, x, x, x, x]"]
    levels += [f"l{i}: &l{i} [{', '.join([f'*l{i - 1}'] * 10)}]" for i in range(1, 30)]
    assert "aliases expanded" in problems("\n".join(levels))[0]


@pytest.mark.parametrize(
    "text", ["[" * 5000, "{a: " * 3000, "\n".join(" " * i + "a:" for i in range(200)), "- " * 3000]
)
def test_deep_nesting_is_refused(text):
    assert "nested deeper" in problems(text)[0]


def test_a_text_too_long_is_refused():
    assert "longer than" in problems("#" * (strict_yaml.MAX_CHARS + 1))[0]


@pytest.mark.parametrize("text", ["a: \x00", "a: \x07b", "a: \ud800"])
def test_bytes_that_are_no_text_are_refused(text):
    assert "not readable" in problems(text)[0]


def test_an_empty_document_is_nothing_at_its_beginning():
    assert load("# only a comment\n", "t").data is None
    assert load("", "t").where(("a", "b")) == "t:1:1"


def test_the_place_of_a_value_of_its_key_and_of_what_is_missing():
    document = load("gateways:\n  - name: a\n    channels: 3\n  - name: b\n", "c.yaml")
    assert document.where(("gateways", 0, "channels")) == "c.yaml:3:15"
    assert document.where(("gateways", 0, "channels"), key=True) == "c.yaml:3:5"
    assert document.where(("gateways", 1, "channels")) == "c.yaml:4:5"
    assert dotted(("gateways", 1, "channels")) == "gateways[1].channels"


def test_columns_are_counted_in_characters_also_after_cyrillic():
    assert load("{имя: Анна, ключ: 1}", "t").where(("ключ",)) == "t:1:19"


plain_data = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-999_999_999, 999_999_999)
    | st.text(st.characters(codec="utf-8", exclude_categories=["C"]), max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.text(st.characters(codec="utf-8", exclude_categories=["C"]), min_size=1, max_size=8).filter(
                lambda k: k != "<<"
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=20,
)


@given(plain_data)
def test_what_is_dumped_with_quotes_comes_back_as_it_was(data):
    assert load(yaml.dump(data, default_style='"', allow_unicode=True, Dumper=_Quoting), "t").data == data


class _Quoting(yaml.SafeDumper):
    """Quotes text, writes everything else plain and without tags."""

    def represent_scalar(self, tag, value, style=None):
        return super().represent_scalar(tag, value, style if tag.endswith(":str") else "")

    def ignore_aliases(self, data):
        return True


scraps = st.lists(
    st.sampled_from(list(" \n\t:-?[]{},&*!|>'\"%@`#~<0123456789abxno+.é\u2028\ufeff\x00\ud800"))
    | st.sampled_from(
        ["\n  ", "&a ", "*a ", ": ", "- ", "---\n", "...\n", "<<: ", "!!str ", "%YAML 1.1\n", '"\\x', "? "]
    ),
    max_size=60,
).map("".join)


@given(scraps | st.text(max_size=60))
def test_any_text_is_read_or_refused_with_a_place_and_nothing_else_happens(text):
    places = []
    try:
        places.append(load(text, "t.yaml").where())
    except ConfigError as error:
        places.extend(problem.place for problem in error.problems)
    assert places
    assert all(place.startswith("t.yaml") for place in places)
