"""An event read at a glance says what the whole event says."""

import orjson
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from engine.domain.errors import ProtocolError
from engine.switch.esl import Frame, parse_event
from engine.switch.glance import Glanced, glance
from engine.switch.vocabulary import facts_of
from tests.switch.recordings import OUTCOMES, json_frames

text = st.text(st.characters(exclude_categories=("Cs",)), max_size=40)
ASKED = ["Event-Name", "Unique-ID", "variable_x", "Caller-Name", "victim", "nobody"]  # plain, as ours are
names = st.sampled_from(ASKED[1:]) | text.filter(bool)


def frame(event: dict[str, object]) -> Frame:
    return Frame({"Content-Type": "text/event-json"}, orjson.dumps({"Event-Name": "DTMF", **event}))


@given(st.dictionaries(names, text | st.lists(text, max_size=3), max_size=8))
@example({"variable_x": '","Unique-ID":"victim'})
@example({"variable_x": '\\","Unique-ID":"victim","y":"'})
@example({'x","Unique-ID":"victim': ""})
@example({"variable_x": "tail\\", "Unique-ID": "leg"})
@example({"Unique-ID": ""})
def test_whatever_an_event_holds_a_glance_finds_what_a_reader_finds(event):
    one = frame(event)
    whole, glanced = parse_event(one), glance(one)
    for name in ASKED:
        assert glanced.get(name) == whole.get(name)
        assert (name in glanced) == (name in whole)
    assert dict(glanced) == whole


@pytest.mark.parametrize("case", OUTCOMES)
def test_every_recorded_event_of_a_real_switch_tells_the_same_facts_at_a_glance(case):
    told = 0
    for one in json_frames(case):
        glanced = glance(one)
        assert isinstance(glanced, Glanced)
        facts = facts_of(parse_event(one), 1.0)
        assert facts_of(glanced, 1.0) == facts
        told += len(facts)
    assert told >= 2


@pytest.mark.parametrize("body", [b"", b"{}", b'{"Event-Name":"X"', b'{ "Event-Name":"X"}'])
def test_what_does_not_look_like_the_switchs_own_is_read_whole_or_refused(body):
    one = Frame({"Content-Type": "text/event-json"}, body)
    try:
        assert dict(glance(one)) == parse_event(one)
    except ProtocolError:
        with pytest.raises(ProtocolError):
            parse_event(one)


def test_one_byte_of_latin_1_costs_a_letter_at_a_glance_too():
    one = Frame({"Content-Type": "text/event-json"}, b'{"Event-Name":"X","Caller-Name":"M\xfcller"}')
    assert glance(one)["Caller-Name"] == "M\ufffdller"


def test_a_header_that_is_not_there_is_missing_as_in_any_mapping():
    with pytest.raises(KeyError):
        glance(frame({}))["Unique-ID"]


def test_a_plain_event_is_read_as_before():
    one = Frame({"Content-Type": "text/event-plain"}, b"Event-Name: DTMF\nDTMF-Digit: %23\n")
    assert glance(one) == {"Event-Name": "DTMF", "DTMF-Digit": "#"}
