"""From an answered call to a fact: the engine's link, the virtual switch, a real media process."""

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import gevent
import pytest

from engine.amd.audio import Law, decode
from engine.amd.fingerprint import take_print
from engine.app.runtime import GeventTasks, GeventTimers, SystemClock
from engine.app.screening import MediaScreener
from engine.config import Config
from engine.dialer.shop import Shop
from engine.domain import facts as f
from engine.domain.campaign import Abandonment, Amd
from engine.media import shelf
from engine.ports import Dial
from engine.sim import sounds
from engine.switch.freeswitch import FreeSwitch
from engine.switch.link import SwitchLink
from engine.switch.orders import CUSTOMER_LEG
from tests.media.virtual import (
    ANNOUNCEMENT_S,
    FAX,
    MAILBOX,
    NOBODY,
    PERSON,
    RINGS,
    SWITCHED_OFF,
    VirtualSwitch,
)

WAIT_S = 15.0


class Desk:
    """As much of an engine as screening needs. `facts`: all that were told, of legs and of verdicts."""

    def __init__(self, switch_port: int, home: Path, first_port: int, audio: str, processes: int = 1) -> None:
        self.facts: list[f.Fact] = []
        self.notes: list[dict[str, Any]] = []
        self.clock = SystemClock()
        self.link = SwitchLink(
            "sw1", "127.0.0.1", switch_port, "ClueCon", self.facts.append, lambda _: None, self.clock
        )
        self.switch = FreeSwitch("sw1", self.link)
        self.shop = Shop(
            clock=self.clock,
            timers=GeventTimers(self.clock),
            tasks=GeventTasks(),
            store=None,  # type: ignore[arg-type]
            journal=SimpleNamespace(append=lambda kind, shard, fields: self.notes.append(fields)),  # type: ignore[arg-type]
            switches={"sw1": self.switch},
            tell=lambda *_, **__: None,
        )
        media: dict[str, Any] = {"rtp_first_port": first_port, "rtp_last_port": first_port + 99}
        media |= {"audio": audio, "tap_folder": str(home / "taps"), "processes": processes}
        config = Config.model_validate({"media": media})
        self.screener = MediaScreener(config, self.shop, self.facts.append, home, home)
        self.home, self.legs_of_a_copy = home, int(audio == "fork")
        self.link.start()
        self.screener.open()
        self.until(lambda: self.link.connected, "the link")

    @property
    def process(self) -> Any:
        return self.screener.processes[0]

    def close(self) -> None:
        self.screener.close()
        self.link.stop()

    def until(self, true: Callable[[], object], what: str) -> None:
        with gevent.Timeout(WAIT_S, AssertionError(f"{what} did not come within {WAIT_S} s")):
            while not true():
                gevent.sleep(0.01)

    def fact(self, kind: type[f.Fact], leg_id: str) -> Any:
        def found() -> list[f.Fact]:
            return [fact for fact in self.facts if isinstance(fact, kind) and fact.leg_id == leg_id]

        self.until(found, kind.__name__)
        return found()[0]

    def dialed(self, number: str) -> Any:
        """A life of a call to the number, that rings."""
        leg_id = str(uuid4())
        self.switch.dial(Dial(leg_id, number, "trunk", "+48220000101", 30.0, None, CUSTOMER_LEG))
        return SimpleNamespace(
            leg_id=leg_id,
            switch="sw1",
            codec="PCMU",
            answered_s=0.0,
            campaign=SimpleNamespace(abandonment=Abandonment(), amd=Amd(watch_s=0.3), campaign_id="c1"),
            intent=SimpleNamespace(person_id="p1", contact_id="k1"),
        )

    def answered(self, number: str, max_screening_s: float = 6.0, **amd: Any) -> Any:
        """Call the number; a life of the call that has just been answered."""
        life = self.dialed(number)
        fact = self.fact(f.LegAnswered, life.leg_id)
        life.codec, life.answered_s = fact.codec, fact.at_s
        life.campaign.abandonment = Abandonment(max_screening_s=max_screening_s)
        life.campaign.amd = Amd(**({"watch_s": 0.3} | amd))
        return life

    def only_call_left(self, life: Any) -> None:
        """The copy is gone from the switch and from memory, and the call is still there."""
        self.until(lambda: self.switch.live_ids() == {life.leg_id}, "the end of the fork")
        if not self.legs_of_a_copy:
            self.until(lambda: not list((self.home / "taps").iterdir()), "the end of the files")

    def copy_is_up(self, calls: int = 1) -> None:
        if self.legs_of_a_copy:
            self.until(lambda: len(self.switch.live_ids()) == 2 * calls, "the fork")
        else:
            self.until(lambda: len(list((self.home / "taps").glob("*-in.*"))) == calls, "the file")


def teach(home: Path) -> None:
    """The announcements that the virtual network says, in its eight voices."""
    for number in range(sounds.VOICES):
        said = sounds.before_answer("announcement", ANNOUNCEMENT_S * 10, number, "PCMU")
        one = take_print(f"off-{number}", "unreachable", decode(said, Law.PCMU))
        shelf.put(home / "fingerprints", one)


@pytest.fixture(scope="module", params=[("PCMU", "fork"), ("PCMA", "file")], ids=lambda one: "-".join(one))
def desk(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    home = tmp_path_factory.mktemp("screening")
    codec, audio = request.param
    teach(home)
    switch = VirtualSwitch(home, codec)
    found = Desk(switch.port, home, 40_000 + os.getpid() % 200 * 100, audio)
    yield found
    found.close()
    switch.stop()


@pytest.fixture(autouse=True)
def no_call_is_left(desk: Desk) -> Iterator[None]:
    yield
    for leg_id in desk.switch.live_ids():
        desk.switch.hang_up(leg_id)
    desk.until(lambda: not desk.switch.live_ids(), "silence")


def test_a_person_is_heard_and_the_fork_is_gone(desk: Desk) -> None:
    life = desk.answered(PERSON)
    desk.screener.start(life)
    desk.fact(f.PersonDetected, life.leg_id)
    desk.only_call_left(life)
    note = desk.notes[-1]
    assert (note["attempt_id"], note["verdict"]) == (life.leg_id, "person")
    assert 1_500 < note["at_ms"] < 3_500


@pytest.mark.parametrize(("number", "kind"), [(MAILBOX, "machine"), (FAX, "fax")])
def test_a_machine_is_told_by_its_kind(desk: Desk, number: str, kind: str) -> None:
    life = desk.answered(number)
    desk.screener.start(life)
    assert desk.fact(f.MachineDetected, life.leg_id).kind == kind
    if kind == "machine":
        desk.fact(f.BeepEnded, life.leg_id)
        desk.screener.stop(life)
    desk.only_call_left(life)


def test_the_network_is_understood_before_an_answer_and_the_fork_is_gone(desk: Desk) -> None:
    life = desk.dialed(SWITCHED_OFF)
    life.codec = desk.fact(f.LegEarlyMedia, life.leg_id).codec or "PCMU"
    desk.screener.early(life)
    heard = desk.fact(f.AnnouncementHeard, life.leg_id)
    assert heard.means == "unreachable"
    desk.screener.stop(life)
    desk.only_call_left(life)


def test_one_copy_serves_before_and_after_the_answer_and_its_sound_is_kept(desk: Desk) -> None:
    life = desk.dialed(RINGS)
    life.campaign.amd = Amd(watch_s=0.3, keep_share=1.0)
    life.codec = desk.fact(f.LegEarlyMedia, life.leg_id).codec or "PCMU"
    desk.screener.early(life)
    fact = desk.fact(f.LegAnswered, life.leg_id)
    before = len(desk.switch.live_ids())
    life.codec, life.answered_s = fact.codec, fact.at_s
    desk.screener.start(life)
    desk.fact(f.PersonDetected, life.leg_id)
    assert len(desk.switch.live_ids()) == before, "no second one"
    desk.only_call_left(life)
    desk.until(lambda: any(note["verdict"] == "kept" for note in desk.notes), "the evidence")
    kept = Path(next(note["file"] for note in desk.notes if note["verdict"] == "kept"))
    desk.until(kept.exists, "the file")
    assert kept.stem == life.leg_id


def test_a_verdict_that_does_not_come_in_time_is_counted_and_the_fork_closed(desk: Desk) -> None:
    life = desk.answered(MAILBOX, max_screening_s=0.5)
    before = desk.shop.counters.get("screenings_undecided", 0)
    desk.screener.start(life)
    desk.until(lambda: desk.shop.counters.get("screenings_undecided", 0) > before, "the deadline")
    desk.only_call_left(life)


def test_who_stops_at_once_leaves_no_fork_behind(desk: Desk) -> None:
    life = desk.answered(PERSON)
    desk.screener.start(life)
    desk.screener.stop(life)  # before the fork has come up
    desk.screener.stop(life)
    desk.only_call_left(life)


def test_the_end_of_the_call_ends_its_fork(desk: Desk) -> None:
    life = desk.answered(MAILBOX)
    desk.screener.start(life)
    desk.copy_is_up()
    desk.switch.hang_up(life.leg_id)
    desk.fact(f.LegEnded, life.leg_id)
    desk.screener.stop(life)
    desk.until(lambda: not desk.switch.live_ids(), "the end of both")


def test_a_call_that_was_never_answered_disturbs_nobody(desk: Desk) -> None:
    leg_id = str(uuid4())
    desk.switch.dial(Dial(leg_id, NOBODY, "trunk", "+48220000101", 10.0, None, {}))
    desk.fact(f.LegEnded, leg_id)
    desk.screener.stop(SimpleNamespace(leg_id=leg_id))


def test_a_dead_media_process_is_started_again_and_nobody_is_taken_for_a_machine(desk: Desk) -> None:
    life, dead = desk.answered(MAILBOX, max_screening_s=2.0), desk.process.pid
    desk.screener.start(life)
    desk.copy_is_up()
    os.kill(dead, signal.SIGKILL)
    desk.until(lambda: not desk.process.up, "its death")
    during = desk.answered(PERSON)
    before = desk.shop.counters.get("screenings_without_media", 0)
    desk.screener.start(during)
    assert desk.shop.counters["screenings_without_media"] == before + 1
    desk.until(lambda: desk.process.up and desk.process.pid != dead, "a new one")
    desk.until(lambda: desk.switch.live_ids() == {life.leg_id, during.leg_id}, "the end of the fork")
    if not desk.legs_of_a_copy:
        desk.until(lambda: not list((desk.home / "taps").iterdir()), "the end of the files")
    assert not [
        fact for fact in desk.facts if isinstance(fact, f.MachineDetected) and fact.leg_id == life.leg_id
    ]
    after = desk.answered(PERSON)
    desk.screener.start(after)
    desk.fact(f.PersonDetected, after.leg_id)
