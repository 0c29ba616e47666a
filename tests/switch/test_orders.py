import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from engine.domain.errors import SwitchError
from engine.switch import orders, quoting, sound_orders
from tests.switch import reader

LEG = "1cbd0bb6-7b6e-4c99-b5b3-95d40b8c672d"
AGENT = "0a0a0a0a-7b6e-4c99-b5b3-95d40b8c672d"

# Signs the switch gives a meaning to somewhere, mixed with letters of people's names.
hostile = st.text(st.sampled_from("ab1 ,;:'\"\\{}[]()<>|&$^@=%/\n\r\t\0é\u2028ßŁ漢😀sn_-+*!~#."), max_size=24)
anything = hostile | st.text(max_size=24)
nasty = (
    "x'",
    "a,b=c",
    "a},{b=c",
    "}sofia/gateway/x/1 &system(rm)",
    "' &system(rm) '",
    "^^;a=b;c=d",
    "${system rm}",
    "$${domain}",
    "$\\{x}",
    "a:_:sofia/x/y",
    "a\nbgapi originate x",
    "\\",
    "\\'",
    "\\,",
    " blank ",
    "undef",
    "Łódź, ul. Długa",
    "😀",
    "a@b",
    "\x00",
    '"x"',
)


def with_nasty(test):
    for value in nasty:
        test = example(value)(test)
    return given(anything)(test)


@with_nasty
def test_a_channel_variable_arrives_as_it_was_or_is_refused(value):
    try:
        text = orders.originate(
            LEG, "user/1001", values={"prozvon_name": value, "after": "1"}, caller_id="482"
        )
    except SwitchError:
        assert re.search(r"['\\{}\x00-\x1f\x7f\x85\u2028\u2029\ud800-\udfff]|:_:|^\^\^|^ | $", value)
        return
    values, endpoint, then = reader.originate(text)
    expected = {
        "origination_uuid": LEG,
        "originate_timeout": "30",
        "origination_caller_id_number": "482",
        "origination_caller_id_name": "482",
        "after": "1",
    }
    assert values == expected | ({"prozvon_name": value} if value else {})
    assert (endpoint, then) == ("user/1001", ["&park()"])


@with_nasty
def test_a_name_is_always_taken_and_never_adds_anything(name):
    text = orders.originate(LEG, "user/1001", caller_id="482", caller_name=name)
    values, endpoint, then = reader.originate(text)
    assert set(values) == {
        "origination_uuid",
        "originate_timeout",
        "origination_caller_id_number",
        "origination_caller_id_name",
    }
    assert values["origination_caller_id_name"] == (orders.printable(name) or "482")
    assert (endpoint, then) == ("user/1001", ["&park()"])
    assert "${" not in text


def test_a_name_stays_a_name_a_person_can_read():
    assert orders.printable("Zażółć, Иван O'Brien {jr}\n") == "Zażółć, Иван O\u2019Brien (jr)"


@with_nasty
def test_a_variable_name_is_a_name_or_refused(name):
    try:
        text = orders.originate(LEG, "user/1001", values={name: "1"})
    except SwitchError:
        return
    assert set(reader.originate(text)[0]) - {"origination_uuid", "originate_timeout"} == {name}


@with_nasty
def test_a_number_gateway_or_endpoint_adds_no_other_leg(value):
    for build in (
        lambda: orders.gateway_endpoint("trunk", value),
        lambda: orders.gateway_endpoint(value, "48600"),
        lambda: value,
    ):
        try:
            endpoint = build()
            text = orders.originate(LEG, endpoint)
        except SwitchError:
            continue
        values, read, then = reader.originate(text)
        assert (read, then, len(values)) == (endpoint, ["&park()"], 2)


@with_nasty
def test_a_prompt_adds_no_step_to_the_safety_net(prompt):
    try:
        text = orders.originate(LEG, "user/1001", orders.safety_net(prompt, extendable=True))
    except SwitchError:
        return
    _, _, (steps, inline) = reader.originate(text)
    assert inline == "inline"
    assert reader.inline(steps) == [
        ("sleep", "1800"),
        ("sleep", "${net_more}"),
        ("playback", prompt),
        ("hangup", "NORMAL_CLEARING"),
    ]


@with_nasty
def test_a_transfer_does_only_its_steps(argument):
    try:
        text = orders.transfer(LEG, [orders.Step("playback", argument), orders.Step("park")])
    except SwitchError:
        return
    verb, leg_id, steps, inline = reader.words(text, 10)
    assert (verb, leg_id, inline) == ("uuid_transfer", LEG, "inline")
    assert reader.inline(steps) == [("playback", argument), ("park", "")]


@with_nasty
def test_a_value_set_later_is_one_value(value):
    try:
        text = orders.setvar(LEG, "prozvon_name", value)
    except SwitchError:
        return
    assert reader.words(text.removeprefix("uuid_setvar "), 3) == [
        LEG,
        "prozvon_name",
        *([value] if value else []),
    ]


@with_nasty
def test_several_values_set_at_once_stay_apart(value):
    try:
        text = orders.setvar_multi(LEG, {"one": value, "two": "2"})
    except SwitchError:
        return
    verb, leg_id, rest = text.split(" ", 2)
    assert (verb, leg_id) == ("uuid_setvar_multi", LEG)
    assert [part.partition("=")[::2] for part in reader.split(rest, ";", 64)] == [
        ("one", value),
        ("two", "2"),
    ]


@with_nasty
def test_a_path_is_one_word_of_its_command(path):
    for build, words in (
        (sound_orders.record, 6),
        (sound_orders.whisper, 6),
        (sound_orders.stop_recording, 4),
    ):
        try:
            text = build(LEG, path)
        except SwitchError:
            continue
        parts = reader.words(text, 10)
        assert len(parts) == words or not path
        assert path in parts or not path


@with_nasty
def test_an_id_or_a_cause_is_a_word_or_refused(value):
    builds = (
        lambda: orders.bridge(value, LEG),
        lambda: orders.bridge(AGENT, value),
        lambda: orders.hang_up(value),
        lambda: orders.hang_up(LEG, value),
        lambda: orders.begin_with(value, []),
        lambda: sound_orders.send_digits(LEG, value),
        lambda: orders.supervise(AGENT, value),
        lambda: orders.transfer_to_dialplan(LEG, value),
    )
    for build in builds:
        try:
            text = build()
        except SwitchError:
            continue
        assert value
        assert not re.search(r"[\s\0\\]|\$\{", text.replace(" ", ""))
        assert " -" not in text


@with_nasty
def test_an_argument_of_a_step_brings_no_header_and_no_expansion(value):
    try:
        message = orders.execute(LEG, "playback", value, step_id="step-1")
    except SwitchError:
        return
    headers = dict(message.headers)
    assert headers.get("execute-app-arg", "") == value
    assert not re.search(r"[\n\r\0]|\$\\*\{", value)
    assert headers["Event-UUID"] == "step-1"


def test_the_orders_read_as_measured_on_a_real_switch():
    assert orders.bridge(AGENT, LEG) == f"uuid_bridge {AGENT} {LEG}"
    assert orders.extend_net(LEG, 2700) == f"uuid_setvar {LEG} net_more 2700"
    assert sound_orders.record(LEG, "/r/x.wav").startswith(
        f"uuid_record {LEG} start /r/x.wav 0 {{RECORD_STEREO=true"
    )
    assert sound_orders.whisper(LEG, "tone_stream://%(150,0,1400)") == (
        f"uuid_displace {LEG} start 'tone_stream://%(150,0,1400)' 0 mux"
    )
    assert sound_orders.mute(LEG, on=True) == f"uuid_audio {LEG} start read mute -4"
    assert orders.hang_up_later(LEG, 3600.0) == f"sched_hangup +3600 {LEG} ALLOTTED_TIMEOUT"
    assert orders.supervise(AGENT, LEG) == f"uuid_transfer {AGENT} 'eavesdrop:{LEG},park' inline"
    assert orders.supervisor_speaks(AGENT, "agent") == f"uuid_recv_dtmf {AGENT} 2"
    assert orders.fork_audio(LEG, AGENT, "sofia/media/amd@127.0.0.1:5095", codec="PCMA").endswith(
        f",absolute_codec_string=PCMA,originate_timeout=5,sip_h_X-Prozvon-Attempt={LEG}"
        f",sip_h_X-Prozvon-Fork={AGENT}}}sofia/media/amd@127.0.0.1:5095 '&native_eavesdrop({LEG} read)'"
    )


def test_a_net_that_is_not_extendable_has_three_steps():
    assert orders.safety_net("/p/abandon.wav") == (
        "'sleep:1800,playback:/p/abandon.wav,hangup:NORMAL_CLEARING' inline"
    )


def test_a_blind_transfer_leaves_every_net_rings_plays_sorry_and_ends():
    text = orders.blind_transfer(
        LEG, "sofia/gateway/trunk/777", caller_id="482", sorry="/p/sorry, really.wav", peer_id=AGENT
    )
    _, _, steps, _ = reader.words(text, 10)
    assert reader.inline(steps) == [
        ("unset", "transfer_after_bridge"),
        ("unset", "park_after_bridge"),
        ("set", "hangup_after_bridge=true"),
        ("set", "continue_on_fail=true"),
        ("set", "call_timeout=20"),
        ("set", "ringback=%(1000,4000,425)"),
        ("bridge", f"{{origination_caller_id_number=482,origination_uuid={AGENT}}}sofia/gateway/trunk/777"),
        ("playback", "/p/sorry, really.wav"),
        ("hangup", "NORMAL_CLEARING"),
    ]


def test_a_customer_falls_into_the_net_after_the_bridge_or_parks():
    assert orders.customer_leg()["park_after_bridge"] == "true"
    with_net = orders.customer_leg(after_bridge="abandon:XML:default", codec="PCMA")
    assert "park_after_bridge" not in with_net
    assert with_net["transfer_after_bridge"] == "abandon:XML:default"
    assert with_net["absolute_codec_string"] == "PCMA"


def test_an_inline_list_without_steps_is_refused():
    with pytest.raises(SwitchError):
        quoting.inline([])


def test_a_supervisor_speaks_to_somebody_known():
    with pytest.raises(SwitchError, match="nobody, customer, agent, both"):
        orders.supervisor_speaks(AGENT, "everybody")
