"""The configuration as FreeSWITCH takes it."""

import re
import time
from uuid import uuid4

import pytest

from tests.freeswitch.audio import tone_seconds
from tests.freeswitch.esl import Esl, EslError
from tests.freeswitch.farend import FarEnd
from tests.freeswitch.switch import MUSIC_HZ, FreeSwitch

pytestmark = pytest.mark.freeswitch


def test_the_switch_starts_without_a_complaint(freeswitch: FreeSwitch) -> None:
    assert freeswitch.start_log
    complaints = re.findall(r"^.*\[(?:ERR|CRIT|ALERT)\].*$", freeswitch.start_log, re.MULTILINE)
    assert complaints == []


def test_every_module_of_the_list_is_loaded(freeswitch: FreeSwitch, esl: Esl) -> None:
    wanted = re.findall(
        r'module="(\w+)"', (freeswitch.home / "conf/autoload_configs/modules.conf.xml").read_text()
    )
    assert len(wanted) >= 14
    assert [module for module in wanted if esl.api(f"module_exists {module}") != "true"] == []


def test_values_of_the_environment_win_over_those_of_the_file(freeswitch: FreeSwitch, esl: Esl) -> None:
    assert esl.api("global_getvar prozvon_trunk_port") == str(freeswitch.trunk_port)
    assert esl.api("global_getvar abandon_message") == str(freeswitch.media_dir / "abandon.wav")


def test_the_gateway_is_known_and_up(esl: Esl) -> None:
    assert "<status>UP</status>" in esl.api("sofia xmlstatus gateway trunk")


def test_the_configuration_can_be_read_again_while_calls_run(esl: Esl) -> None:
    assert esl.api("reloadxml") == "+OK [Success]\n"
    assert esl.api("sofia profile external rescan").endswith("+OK scan complete\n")


def test_hold_music_plays(esl: Esl) -> None:
    uuid = str(uuid4())
    person = FarEnd()
    esl.bgapi(f"originate {{origination_uuid={uuid}}}sofia/external/1@127.0.0.1:{person.port} &park()")
    esl.wait_event("CHANNEL_PARK", uuid)  # a step sent before it may be cut off by the park
    esl.execute(uuid, "playback", "local_stream://hold")
    call = person.wait_call()
    esl.wait_event("PLAYBACK_START", uuid)
    deadline = time.monotonic() + 5
    while tone_seconds(call.sound, MUSIC_HZ) < 0.5:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    person.close()


def test_a_wrong_password_gets_nowhere(freeswitch: FreeSwitch) -> None:
    with pytest.raises(EslError, match="invalid"):
        Esl.connect("127.0.0.1", freeswitch.esl_port, "guess")


def test_passwords_are_not_told_to_the_log(freeswitch: FreeSwitch) -> None:
    log = freeswitch.log.read_text(errors="replace")
    assert freeswitch.agents_password not in log
    assert freeswitch.password not in log
