"""Texts can say everything a scenario needs, and can neither hang nor fill the engine."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.ivr.templates import MAX_SOURCE, Text


def test_a_text_speaks_the_language_of_the_call():
    text = Text("{{ n | count('день', 'дня', 'дней') }}")
    assert text.render({"n": 3}, "ru") == "три дня"
    assert text.names == {"n"}


def test_a_text_may_depend_on_a_condition():
    text = Text("Hello{% if vip == 'yes' %}, dear{% endif %} {{ name }}")
    assert text.render({"vip": "yes", "name": "Ann"}, "en") == "Hello, dear Ann"
    assert text.render({"vip": "no", "name": "Ann"}, "en") == "Hello Ann"


def test_a_value_with_braces_in_it_is_only_a_value():
    assert Text("Hello {{ name }}").render({"name": "{{ secret }}"}, "en") == "Hello {{ secret }}"


@pytest.mark.parametrize(
    "source",
    [
        "{{ name.__class__ }}",
        "{{ name['x'] }}",
        "{{ range(9) }}",
        "{{ name() }}",
        "{% for i in name %}{% endfor %}",
        "{% set a = 1 %}",
        "{% macro m() %}{% endmacro %}",
        "{% include 'x' %}",
        "{{ 2 ** 99 }}",
        "{{ name | replace('a', 'b') }}",
        "{{ name | center(999999999) }}",
        "{{ name is divisibleby 3 }}",
        "{% raw %}{{",
        "x" * (MAX_SOURCE + 1),
        "{{" + "(" * 900 + "1" + ")" * 900 + "}}",
    ],
)
def test_anything_beyond_blanks_and_conditions_is_refused_before_use(source: str):
    with pytest.raises(ValueError, match=r"."):
        Text(source)


@pytest.mark.parametrize(
    "source", ["{{ 'a' * 1000000000 }}", "{{ name * n }}", "{{ '%9999999d' % n }}", "{{ [1] * n }}"]
)
def test_texts_cannot_be_multiplied(source: str):
    with pytest.raises(ValueError, match="for numbers only"):
        Text(source).render({"name": "a", "n": 10**9}, "en")


def test_a_text_that_becomes_too_long_is_refused():
    source = "{{ name ~ name ~ name ~ name }}"
    with pytest.raises(ValueError, match="longer than"):
        Text(source).render({"name": "a" * 1000}, "en")


def test_a_variable_without_a_value_is_an_error_and_not_an_empty_place():
    with pytest.raises(ValueError, match="undefined"):
        Text("Hello {{ name }}").render({}, "en")
    with pytest.raises(ValueError, match="no value"):
        Text("name", expression=True).evaluate({}, "en")


def test_an_expression_is_one_expression():
    assert (
        Text("amount > 5 and not paid", expression=True).evaluate({"amount": 6, "paid": False}, "en") is True
    )
    for source in ("1 }} {{ 2", "", "a b", "{% if a %}"):
        with pytest.raises(ValueError, match=r"."):
            Text(source, expression=True)


@given(st.text(st.sampled_from("{}%|()'\"ab 1*+.-[]=<>~,:if"), max_size=40))
def test_no_source_whatever_raises_anything_but_a_value_error(source: str):
    for expression in (False, True):
        try:
            text = Text(source, expression=expression)
            (text.evaluate if expression else text.render)({"a": 1, "b": "x"}, "en")
        except ValueError:
            pass
