"""A screened campaign on the virtual switch, with everything real but the people: early media, verdicts,
messages."""

import os
from pathlib import Path
from typing import Any

import pytest

from engine.amd.audio import Law, decode
from engine.amd.fingerprint import take_print
from engine.media import shelf
from engine.sim import sounds
from engine.speech.wav import write
from tests.amd.openings import pcm, tone
from tests.stories.configs import campaign, config
from tests.stories.conftest import StartEngine, StartSwitch
from tests.stories.engine_process import wait_for
from tests.stories.virtual_switch import PASSWORD, population

PERSON, MAILBOX, FAX, OFF = "+48600100001", "+48600100002", "+48600100003", "+48600100004"
OFF_S = 8
PEOPLE: dict[str, dict[str, Any]] = {
    PERSON: {"fate": "answer", "greeting_s": 0.8, "talk_s": 1.0},
    MAILBOX: {"fate": "voicemail", "voicemail_s": 4},
    FAX: {"fate": "fax"},
    OFF: {"fate": "announcement", "announcement_s": OFF_S},
}


@pytest.fixture
def message(tmp_path: Path) -> Path:
    path = tmp_path / "message.wav"
    write(path, pcm(tone(600, 1.0)))
    return path


def screened(speech: Path, message: Path, port: int, tmp_path: Path, **amd: Any) -> dict[str, Any]:
    for voice in range(sounds.VOICES):
        said = sounds.before_answer("announcement", OFF_S * 10, voice, "PCMA")
        one = take_print(f"off-{voice}", "unreachable", decode(said, Law.PCMA))
        shelf.put(tmp_path / "prints", one)
    first = 41_000 + os.getpid() % 100 * 20
    return config(
        speech,
        campaign(
            "c1",
            screening=True,
            ring_time_s=20,
            machine_message=str(message),
            abandonment={"max_screening_s": 6.0},
            amd={"early": True, "watch_s": 1.0, **amd},
        ),
        agents=4,
        switch_port=port,
        media={
            "sip_port": 25_000 + os.getpid() % 10_000,
            "rtp_first_port": first,
            "rtp_last_port": first + 19,
            "fingerprints": str(tmp_path / "prints"),
        },
        switches=[
            {
                "name": "virtual-1",
                "port": port,
                "password": PASSWORD,
                "media_dial": "sofia/media/amd@{host}:{port}",
            }
        ],
    )


def test_everybody_who_picks_up_meets_what_they_should(
    engine: StartEngine, switch: StartSwitch, speech: Path, message: Path, tmp_path: Path
) -> None:
    it = switch()
    it.stop()
    it.people = population() | {"numbers": PEOPLE}
    it.start()
    one = engine(screened(speech, message, it.port, tmp_path))
    one.agents_work()
    one.run("c1", list(PEOPLE))
    wait_for("the end of the campaign", lambda: one.is_over("c1"), 40, 0.2)
    cdrs = {cdr["number"]: cdr for cdr in one.cdrs()}
    ends = {number: (cdr["disposition"], cdr["amd"]) for number, cdr in cdrs.items()}
    assert ends == {
        PERSON: ("talked", "person"),
        MAILBOX: ("machine", "machine"),
        FAX: ("fax", "fax"),
        OFF: ("unreachable", "announcement"),
    }
    heard = {note["verdict"]: note for note in one.journal("screening")}
    assert {"person", "machine", "fax", "announcement", "beep"} <= heard.keys()
    assert heard["announcement"]["means"] == "unreachable"
    mailbox = cdrs[MAILBOX]
    assert mailbox["ended_at_s"] - mailbox["answered_at_s"] > 4.0 + 1.0, "greeting, beep, message"
    assert one.campaign("c1")["amd"]["machines"] == 1
    assert one.all_ready()


def test_a_mailbox_whose_engine_is_killed_gets_its_message_from_the_switch_and_no_agent(
    engine: StartEngine, switch: StartSwitch, speech: Path, message: Path, tmp_path: Path
) -> None:
    it = switch()
    it.stop()
    it.people = population() | {"numbers": {MAILBOX: {"fate": "voicemail", "voicemail_s": 20}}}
    it.start()
    one = engine(screened(speech, message, it.port, tmp_path, beep_wait_s=2.0))
    one.agents_work()
    one.run("c1", [MAILBOX])
    wait_for("the verdict", lambda: one.calls("mailbox"), 15)
    (attempt,) = (call["attempt"] for call in one.calls("mailbox"))
    one.kill()
    end = wait_for("the end of the call", lambda: it.ends.get(attempt), 20)
    assert end["at_s"] - end["answered_at_s"] > 7.0, "the switch waited for the beep, and spoke"
    one.start()
    wait_for("the end of the campaign", lambda: one.is_over("c1"), 30, 0.2)
    (cdr,) = one.cdrs()
    assert cdr["disposition"] in ("machine", "unknown"), "unknown: it ended while no engine lived"
    assert cdr["agent_id"] == ""
