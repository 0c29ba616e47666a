"""Whole campaigns on a real FreeSWITCH: SIPp is the carrier, baresip the phones, our engine in between."""

import statistics
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.freeswitch.audio import read_wav, tone_seconds
from tests.freeswitch.carrier import CUSTOMER_HZ, Carrier
from tests.freeswitch.esl import Esl
from tests.freeswitch.phones import Phone
from tests.freeswitch.switch import ABANDON_HZ, FreeSwitch
from tests.stories.configs import campaign, config
from tests.stories.engine_process import EngineProcess, wait_for
from tests.stories.plan import dialed_twice, disposition_of, numbers

pytestmark = [pytest.mark.freeswitch, pytest.mark.slow, pytest.mark.timeout(900)]

MIX = {
    "hangs_up": 120,
    "busy": 90,
    "dead": 70,
    "rejected": 60,
    "unreachable": 50,
    "no_answer": 40,
    "congestion": 40,
    "announcement": 30,
}
FIRST = 100_000  # numbers that no other test dials


@pytest.fixture
def engine(
    freeswitch: FreeSwitch, agents: Callable[[int], list[Phone]], tmp_path: Path, esl: Esl
) -> Iterator[Callable[..., EngineProcess]]:
    """`engine(campaign, ...)`: an engine beside the real switch, with four agents at their phones, ready.
    `esl` comes first, so that what is left on the switch is hung up after the engine has ended."""
    running: list[EngineProcess] = []

    def start(*campaigns: dict[str, Any]) -> EngineProcess:
        phones = agents(4)
        real = {"name": "fs", "port": freeswitch.esl_port, "password": freeswitch.password}
        one = EngineProcess(
            tmp_path / "engine", config(tmp_path / "speech", *campaigns, agents=len(phones), switches=[real])
        )
        running.append(one.start())
        one.agents_work()
        return one

    yield start
    for one in running:
        one.stop()


def tone_of(engine: EngineProcess, agent_id: str) -> float:
    """What the agent's phone sends: see `agents` of the fixtures."""
    return 700.0 + 10.0 * engine.agents.index(agent_id)


def test_five_hundred_contacts_end_as_planned_and_every_talk_is_heard_both_ways(
    engine: Callable[..., EngineProcess], carrier: Carrier
) -> None:
    people = numbers(MIX, first=FIRST)
    one = engine(campaign("c1", calls_per_s=20))
    began_s = time.monotonic()
    one.run("c1", people)
    wait_for("end of the campaign", lambda: one.is_over("c1"), 600, 1.0)
    took_s = time.monotonic() - began_s
    cdrs = {cdr["number"]: cdr for cdr in one.cdrs()}

    wrong = {
        number: (cdr["disposition"], cdr["cause"], cdr["sip_code"])
        for number, cdr in cdrs.items()
        if cdr["disposition"] != disposition_of(number)
    }
    assert wrong == {}
    assert cdrs.keys() == set(people)
    assert len(one.cdrs()) == len(people)

    invited = [number for number in carrier.invited() if number in cdrs]
    assert dialed_twice(invited) == {}
    assert len(invited) == len(people)

    talked = [cdr for cdr in cdrs.values() if cdr["disposition"] == "talked"]
    deaf = {}
    for cdr in talked:
        customer, agent = read_wav(Path(cdr["recording"]))
        heard = tone_seconds(customer, CUSTOMER_HZ), tone_seconds(agent, tone_of(one, cdr["agent_id"]))
        if min(heard) < 1.0:
            deaf[cdr["number"]] = heard
    assert deaf == {}
    wait_for("agents ready again", one.all_ready)
    print(figures(one, talked, took_s))


def figures(engine: EngineProcess, talked: list[dict[str, Any]], took_s: float) -> str:
    """For docs/benchmarks.md."""
    waits_ms = sorted(1000 * (cdr["bridged_at_s"] - cdr["answered_at_s"]) for cdr in talked)
    dispositions = Counter(cdr["disposition"] for cdr in engine.cdrs())
    p99 = waits_ms[min(len(waits_ms) - 1, int(len(waits_ms) * 0.99))]
    return (
        f"\n500 contacts in {took_s:.0f} s: {dict(dispositions.most_common())}\n"
        f"answer to bridge: median {statistics.median(waits_ms):.0f} ms, p99 {p99:.0f} ms, "
        f"worst {waits_ms[-1]:.0f} ms, {len(waits_ms)} talks\n"
        f"counters: {engine.get('/v1/status')['counters']}"
    )


def test_an_engine_killed_in_mid_campaign_finds_its_talks_again_and_the_net_speaks_meanwhile(
    engine: Callable[..., EngineProcess],
    carrier: Carrier,
    freeswitch: FreeSwitch,
    esl: Esl,
    recordings: Path,
) -> None:
    notice = {"notice": str(freeswitch.media_dir / "abandon.wav")}
    one = engine(campaign("c1", ring_time_s=20, abandonment=notice))
    talkers, slow = (numbers({kind: count}, first=FIRST) for kind, count in (("answered", 2), ("slow", 1)))
    one.run("c1", talkers)
    wait_for("two talks", lambda: len(one.calls("talking")) == 2)
    talks = {call["attempt"]: call["agent"] for call in one.calls("talking")}
    one.add_contacts("c1", slow)
    ringing = wait_for("one ringing", lambda: one.calls("ringing"))[0]["attempt"]

    one.kill()  # the third person answers within two seconds, and nobody is there
    heard = recordings / "net_without_engine.wav"
    answer = esl.wait_event("CHANNEL_ANSWER", ringing)
    esl.api(f"uuid_record {ringing} start {heard}")
    begun = esl.wait_event("PLAYBACK_START", ringing)
    assert 1_500_000 < stamp_us(begun) - stamp_us(answer) < 2_000_000
    end = esl.wait_event("CHANNEL_HANGUP_COMPLETE", ringing)
    assert end["Hangup-Cause"] == "NORMAL_CLEARING"
    assert tone_seconds(read_wav(heard)[0], ABANDON_HZ) > 0.8
    assert [esl.api(f"uuid_exists {attempt}") for attempt in talks] == ["true", "true"]

    one.start()
    assert {call["attempt"]: call["agent"] for call in one.calls("talking")} == talks
    for attempt, agent_id in talks.items():
        assert one.agent(agent_id)["attempt"] == attempt
        one.post(f"/v1/agents/{agent_id}/hangup")
    more = numbers({"hangs_up": 2, "busy": 3, "dead": 2}, first=FIRST + 1_000)
    one.add_contacts("c1", more)
    wait_for("end of the campaign", lambda: one.is_over("c1"), 60, 0.2)
    wait_for("agents ready again", one.all_ready)

    cdrs = {cdr["number"]: cdr for cdr in one.cdrs()}
    assert cdrs.keys() == {*talkers, *slow, *more}
    assert {number: cdrs[number]["disposition"] for number in more} == {n: disposition_of(n) for n in more}
    assert [cdrs[number]["disposition"] for number in slow] == ["unknown"]
    for cdr in (cdrs[number] for number in talkers):
        assert (cdr["disposition"], cdr["agent_id"]) == ("talked", talks[cdr["attempt_id"]])
        talk_s = cdr["ended_at_s"] - cdr["bridged_at_s"]
        customer, agent = read_wav(Path(cdr["recording"]))
        assert tone_seconds(customer, CUSTOMER_HZ) > talk_s - 1.0, "the customer's voice broke off"
        assert tone_seconds(agent, tone_of(one, cdr["agent_id"])) > talk_s - 1.0
    invited = [n for n in carrier.invited() if n in cdrs]
    assert dialed_twice(invited) == {}
    assert len(invited) == len(cdrs)


def stamp_us(event: dict[str, str]) -> int:
    return int(event["Event-Date-Timestamp"])
