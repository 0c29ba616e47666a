"""The harness as pytest fixtures: a FreeSWITCH, a carrier, agents' phones. Loaded by tests/conftest.py."""

import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.freeswitch.carrier import Carrier
from tests.freeswitch.esl import Esl
from tests.freeswitch.phones import Phone
from tests.freeswitch.switch import FreeSwitch, Lane, find_freeswitch, free_ports

AGENT_HZ = 700.0
CALL_EVENTS = (
    "CHANNEL_CREATE CHANNEL_ORIGINATE CHANNEL_OUTGOING CHANNEL_PROGRESS CHANNEL_PROGRESS_MEDIA",
    "CHANNEL_ANSWER CHANNEL_BRIDGE CHANNEL_UNBRIDGE CHANNEL_PARK CHANNEL_UNPARK CHANNEL_HANGUP",
    "CHANNEL_HANGUP_COMPLETE CHANNEL_DESTROY CHANNEL_EXECUTE CHANNEL_EXECUTE_COMPLETE BACKGROUND_JOB",
    "DTMF PLAYBACK_START PLAYBACK_STOP RECORD_START RECORD_STOP HEARTBEAT",
)


NEEDED = {
    "sipp": "SIPp, the carrier of these tests (Debian: apt install sip-tester)",
    "baresip": "baresip, the agents' phones (Debian: apt install baresip-core)",
}


def missing() -> str:
    """What this machine lacks to run the tests on a real switch, and how to provide it; "" for nothing."""
    if find_freeswitch() is None:
        return "no FreeSWITCH: install 1.10 or newer, or name the program by PROZVON_FREESWITCH"
    lacking = [text for program, text in NEEDED.items() if shutil.which(program) is None]
    return f"no {' and no '.join(lacking)}" if lacking else ""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip what is marked `freeswitch` where it cannot run, with one line that says why."""
    if reason := missing():
        for item in items:
            if item.get_closest_marker("freeswitch"):
                item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture(scope="session")
def freeswitch(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FreeSwitch]:
    """One switch for the whole session; every test leaves it without channels."""
    binary = find_freeswitch()
    assert binary, missing()
    lane = Lane()
    switch = FreeSwitch(binary, tmp_path_factory.mktemp("freeswitch"), lane)
    switch.start()
    yield switch
    switch.stop()
    lane.close()


@pytest.fixture(scope="session")
def carrier(freeswitch: FreeSwitch, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Carrier]:
    sipp = Carrier(freeswitch.carrier_port, tmp_path_factory.mktemp("carrier"))
    sipp.start(first_media_port=freeswitch.lane.carrier_rtp)
    yield sipp
    sipp.stop()


@pytest.fixture(scope="session")
def agents(
    freeswitch: FreeSwitch, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[int], list[Phone]]]:
    """`agents(n)`: n registered phones, 1001 onwards, each with a tone of its own (700 Hz, 710 Hz, ...)."""
    phones: list[Phone] = []

    def have(count: int) -> list[Phone]:
        while len(phones) < count:
            extension = str(1001 + len(phones))
            add_agent(freeswitch, extension)
            home = tmp_path_factory.mktemp(f"phone-{extension}")
            phone = Phone(extension, AGENT_HZ + 10 * len(phones), home, free_ports(1)[0])
            first_rtp = freeswitch.lane.phones_rtp + len(phones) * 10
            phone.start(
                f"127.0.0.1:{freeswitch.agents_port}",
                freeswitch.agents_password,
                f"{first_rtp}-{first_rtp + 8}",
            )
            phones.append(phone)
        with freeswitch.connect() as esl:
            wait_registered(esl, [phone.extension for phone in phones[:count]])
        return phones[:count]

    yield have
    for phone in phones:
        phone.stop()


def add_agent(switch: FreeSwitch, extension: str) -> None:
    """A directory entry for an agent, made from the example that is there."""
    directory = switch.home / "conf" / "directory" / "agents"
    if not (directory / f"{extension}.xml").exists():
        example = (directory / "1001.xml").read_text()
        (directory / f"{extension}.xml").write_text(example.replace("1001", extension))
        with switch.connect() as esl:
            assert esl.api("reloadxml").startswith("+OK")


def wait_registered(esl: Esl, extensions: list[str], timeout_s: float = 15.0) -> None:
    deadline = time.monotonic() + timeout_s
    missing = extensions
    while missing:
        missing = [ext for ext in missing if "error/" in esl.api(f"sofia_contact internal/{ext}@127.0.0.1")]
        if missing and time.monotonic() > deadline:
            raise AssertionError(f"phones {missing} did not register within {timeout_s} s")
        time.sleep(0.05)


@pytest.fixture
def esl(freeswitch: FreeSwitch) -> Iterator[Esl]:
    """A connection of the test's own with all call events; at the end every call is hung up."""
    with freeswitch.connect() as client:
        client.subscribe(*CALL_EVENTS)
        yield client
        clear_calls(client)


def clear_calls(esl: Esl, timeout_s: float = 5.0) -> None:
    esl.api("hupall MANAGER_REQUEST")
    deadline = time.monotonic() + timeout_s
    while not esl.api("show channels count").strip().startswith("0 total"):
        assert time.monotonic() < deadline, "channels are left after the test"
        time.sleep(0.02)


@pytest.fixture
def recordings(freeswitch: FreeSwitch) -> Path:
    return freeswitch.recordings_dir
