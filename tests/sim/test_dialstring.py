"""Dial strings are taken apart as FreeSWITCH takes them apart."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.sim.dialstring import BadDialString, parse_inline, parse_originate


def test_variables_endpoint_and_application() -> None:
    call = parse_originate(
        "{a=1,b='x y',c=p\\,q}sofia/gateway/trunk/+48600 &bridge(user/1 000) XML default Name 48 9"
    )
    assert call.variables == {
        **{"a": "1", "b": "x y", "c": "p,q"},
        **{"origination_caller_id_name": "Name", "origination_caller_id_number": "48"},
    }
    assert (call.endpoint.kind, call.endpoint.where, call.endpoint.number) == ("gateway", "trunk", "+48600")
    assert call.plan == [("bridge", "user/1 000")]
    assert call.timeout_s == 9.0


def test_a_quoted_application_keeps_its_spaces() -> None:
    assert parse_originate("user/1 '&socket(127.0.0.1:8084 async full)'").plan == [
        ("socket", "127.0.0.1:8084 async full")
    ]


def test_an_inline_list_keeps_escaped_commas_and_variables() -> None:
    call = parse_originate(
        r"user/1 'sleep:1800,sleep:${net_more},playback:silence_stream://4500\,1400,"
        "hangup:NORMAL_CLEARING' inline"
    )
    assert call.plan == [
        ("sleep", "1800"),
        ("sleep", "${net_more}"),
        ("playback", "silence_stream://4500,1400"),
        ("hangup", "NORMAL_CLEARING"),
    ]


def test_a_variable_that_contains_a_variable_is_left_out() -> None:
    assert parse_originate("{a=1,b='record /x/${uuid}.wav'}user/1 &park()").variables == {"a": "1"}


def test_a_dialplan_extension() -> None:
    call = parse_originate("user/1 abandon XML default")
    assert (call.extension, call.dialplan, call.context, call.plan) == ("abandon", "XML", "default", [])


@pytest.mark.parametrize("text", ["", "user/1", "{a=1", "bogus/1 &park()", "user/ &park()"])
def test_what_cannot_be_dialed_is_refused_in_freeswitchs_words(text: str) -> None:
    with pytest.raises(BadDialString) as told:
        parse_originate(text)
    assert told.value.reply.startswith(("-USAGE: <call url>", "-ERR CHAN_NOT_IMPLEMENTED"))


plain = st.text(
    st.characters(exclude_characters="\\'{}[],$", codec="utf-8", categories=["L", "N", "P", "Zs"])
)


@given(st.dictionaries(st.from_regex(r"[a-z_]{1,9}", fullmatch=True), plain.map(str.strip), max_size=5))
def test_any_plain_value_comes_through_quoted(values: dict[str, str]) -> None:
    group = ",".join(f"{name}='{value}'" for name, value in values.items())
    assert parse_originate(f"{{{group}}}user/1 &park()").variables == values


@given(
    st.lists(
        st.tuples(st.sampled_from(["playback", "set"]), plain.filter(str.strip).map(str.strip)), min_size=1
    )
)
def test_any_inline_argument_comes_through_escaped(plan: list[tuple[str, str]]) -> None:
    assert parse_inline(",".join(f"{name}:{argument}" for name, argument in plan)) == plan
