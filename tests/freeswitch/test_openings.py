"""Call openings through SIPp, a real FreeSWITCH and the media process, judged as they are from their files.

The sound that arrived is kept, so that two things can be told apart: whether the media process judges it as
the detector judges the same sound from a file (always), and whether it is the sound that was sent.
PROZVON_OPENINGS names a folder of openings as bare G.711 (`.ul`, `.al`, from the answer on); without it
some made by code are played. PROZVON_OPENINGS_MOST (200) limits their number.
"""

import os
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import uuid4
from xml.sax.saxutils import quoteattr

import gevent
import pytest

from engine.amd.audio import FRAME_BYTES, Framer, Law, decode, encode
from engine.amd.classifier import Detector
from engine.app.kept_files import EVIDENCE
from engine.app.recordings import read_recording
from engine.domain import facts as f
from engine.domain.campaign import Abandonment, Amd
from engine.ports import Dial
from tests.amd import openings
from tests.freeswitch.carrier import Carrier, _goto, _label, _reply, _send
from tests.freeswitch.esl import Esl
from tests.freeswitch.switch import FreeSwitch, free_ports
from tests.freeswitch.test_screening import Room

pytestmark = pytest.mark.freeswitch

DEADLINE_S = 8.0
AT_ONCE = int(os.environ.get("PROZVON_OPENINGS_AT_ONCE", "10"))
LAWS = {".ul": Law.PCMU, ".al": Law.PCMA}


@dataclass
class Opening:
    """`heard`, `at_ms`: the verdict on the call. `arrived`: the sound that the media process heard, pcm."""

    name: str
    law: Law
    sound: bytes
    heard: str = "none"
    at_ms: int = 0
    arrived: bytes = b""

    @property
    def sent(self) -> bytes:
        return decode(self.sound, self.law)

    def offset(self) -> int | None:
        """At which byte of what was sent the sound that arrived begins, below 0: it begins with so much more
        silence. A fork that is ordered at the answer misses a little. None: it arrived with holes."""
        arrived, sent = self.arrived, self.sent
        for first in range(0, len(arrived) - 10 * FRAME_BYTES, FRAME_BYTES):
            known_by = arrived[first : first + 10 * FRAME_BYTES]
            if len(set(known_by)) > 2:
                at = sent.find(known_by) - first
                end = min(self.most, len(sent) - at)
                whole = sent[at + first :].startswith(arrived[first:end])
                return at if whole else None
        return 0

    @property
    def most(self) -> int:
        """Bytes of what arrived that count: the opening is no longer than its file, nor than the deadline."""
        return min(int(DEADLINE_S * 16_000), len(self.sent)) // FRAME_BYTES * FRAME_BYTES

    def judge(self, sound: bytes) -> tuple[str, int]:
        """What the detector says of sound from a file, and at which millisecond."""
        detector = Detector()
        frames = Framer().push(sound[: self.most])
        verdict = next((told for frame in frames if (told := detector.feed(frame))), None)
        return (verdict.what, verdict.at_ms) if verdict is not None else ("none", 0)

    def told(self) -> tuple[str, int]:
        """The verdict on the call, where it came in time."""
        return (self.heard, self.at_ms) if self.at_ms <= self.most // 16 else ("none", 0)


def given() -> list[Opening]:
    folder = os.environ.get("PROZVON_OPENINGS")
    if folder:
        most = int(os.environ.get("PROZVON_OPENINGS_MOST", "200"))
        files = sorted(path for path in Path(folder).iterdir() if path.suffix in LAWS)
        return [
            Opening(path.name, LAWS[path.suffix], path.read_bytes())
            for path in files[:: max(1, len(files) // most)]
        ][:most]
    made = {
        "fax": openings.fax(),
        "announcement": openings.announcement(),
        "machine": openings.machine(),
        "machine-late": openings.machine(after_s=1.0),
        "person": openings.person(),
        "person-late": openings.person(after_s=1.2),
        "person-deep": openings.person(pitch_hz=95.0, seed=4),
        "person-high": openings.person(pitch_hz=210.0, seed=5),
    }
    laws = list(Law)
    return [
        Opening(name, laws[n % 2], encode(pcm, laws[n % 2])) for n, (name, pcm) in enumerate(made.items())
    ]


def number_of(index: int) -> str:
    return f"+4861{index:07d}"


def scenario(files: dict[int, Path], law: Law) -> str:
    """A carrier whose every number answers at once with an opening of its own. SIPp reads 64 kB of it."""
    kind, name = law.payload_type, law.value
    parts = [
        '<?xml version="1.0" encoding="ISO-8859-1"?>\n<scenario name="openings">\n',
        '<recv request="INVITE"><action>\n',
    ]
    for index in files:
        expression = quoteattr(rf"sip:[+]?{number_of(index)[1:]}@")
        parts.append(f'<ereg regexp={expression} search_in="hdr" header="To:" assign_to="is_{index}"/>\n')
    answer = _send("200 OK", sdp=True).replace("RTP/AVP 8 101", f"RTP/AVP {kind} 101")
    parts += ["</action></recv>\n", answer.replace("rtpmap:8 PCMA", f"rtpmap:{kind} {name}")]
    parts += ['<recv request="ACK"/>\n']
    parts += [f'<nop next="o{index}" test="is_{index}"/>\n' for index in files]
    parts += [_goto("talk")]
    for index, path in files.items():
        play = quoteattr(f"{path},1,{kind},{name}/8000")
        parts += [
            _label(f"o{index}"),
            f"<nop><action><exec rtp_stream={play}/></action></nop>\n",
            _goto("talk"),
        ]
    parts += [_label("talk"), '<recv request="BYE"/>\n', _reply("200 OK"), _goto("end")]
    return "".join([*parts, _label("end"), "</scenario>\n"])


class OpeningsCarrier(Carrier):
    """`text`: its scenario."""

    text = ""

    def scenario(self, tone_file: Path) -> str:
        return self.text


def until(true: Callable[[], object], what: str, within_s: float = 30.0) -> None:
    with gevent.Timeout(within_s, AssertionError(f"{what} did not come within {within_s} s")):
        while not true():
            gevent.sleep(0.01)


def carrier_of(law: Law, all_: list[Opening], home: Path) -> OpeningsCarrier:
    home.mkdir(parents=True)
    files = {}
    for index, one in enumerate(all_):
        if one.law is law:
            files[index] = home / f"{index}{'.ul' if law is Law.PCMU else '.al'}"
            files[index].write_bytes(one.sound)
    found = OpeningsCarrier(free_ports(1)[0], home)
    found.text = scenario(files, law)
    return found


@pytest.mark.timeout(900)
@pytest.mark.parametrize("audio", ["fork", "file"])
def test_openings_through_a_carrier_are_judged_as_from_their_files(
    freeswitch: FreeSwitch, esl: Esl, tmp_path: Path, audio: str
) -> None:
    all_ = given()
    carriers = {law: carrier_of(law, all_, tmp_path / f"carrier-{law.name}") for law in Law}
    keep = Amd(keep_share=1.0)
    rooms = {
        law: Room(freeswitch, tmp_path / law.name, carriers[law].port, free_ports(1)[0], keep, audio)
        for law in Law
    }
    try:
        for n, law in enumerate(Law):
            carriers[law].start(first_media_port=50_000 + os.getpid() % 40 * 100 + 4_000 * n)
            mine = [(i, one) for i, one in enumerate(all_) if one.law is law]
            play_all(rooms[law], mine, tmp_path / law.name / EVIDENCE)
            until(lambda law=law: not rooms[law].link.live_ids(), "the end of every leg")  # type: ignore[misc]
    finally:
        for law in Law:
            rooms[law].close()
            carriers[law].stop()
    other = compare(all_)
    assert not [one.name for one in all_ if one.judge(one.arrived) != one.told()], "not as from a file"
    if len(other) > len(all_) // 100:
        assert not [one.name for one in other if one.offset() is not None]
        pytest.skip(
            f"this machine was too busy: {len(other)} of {len(all_)} arrived with holes that mattered"
        )


def compare(all_: list[Opening]) -> list[Opening]:
    """Tells how what was heard differs from the files; those whose verdict does."""
    offsets = {one.name: one.offset() for one in all_}
    begins = Counter(offset // FRAME_BYTES for offset in offsets.values() if offset is not None)
    print(f"\n{len(all_)} openings, with holes {[name for name, at in offsets.items() if at is None]}")
    print(f"the others begin at frame {sorted(begins.items())} of the file")
    other = [one for one in all_ if one.judge(one.sent)[0] != one.told()[0]]
    for one in other:
        print(one.name, "file", one.judge(one.sent), "call", one.told(), "begins at", offsets[one.name])
    for frames in range(1, 6):  # 100 ms: the copy begins late, or the switch has nothing to copy yet
        late = [one.sent[frames * FRAME_BYTES :] for one in other]
        early = [bytes(frames * FRAME_BYTES) + one.sent for one in other]
        other = [
            one
            for one, *moved in zip(other, late, early, strict=True)
            if one.told()[0] not in [one.judge(sound)[0] for sound in moved]
        ]
    print(f"otherwise than the file begun up to 100 ms later or earlier: {[one.name for one in other]}")
    return other


def play_all(here: Room, mine: list[tuple[int, Opening]], evidence: Path) -> None:
    """Call every number, some at once; the first verdict on each is what was heard."""
    waiting, calls, kept = deque(mine), dict[str, Any](), dict[Path, Opening]()
    limits = Abandonment(max_screening_s=DEADLINE_S + 0.5)  # whatever came within the deadline has come
    campaign = SimpleNamespace(abandonment=limits, amd=here.campaign.amd, campaign_id="c1")

    def on_fact(fact: f.Fact) -> None:
        life = calls.get(fact.leg_id)
        if life is not None and isinstance(fact, f.LegAnswered):
            life.codec = fact.codec
            here.screener.start(life)

    here.dialer.on_fact = on_fact  # type: ignore[method-assign]
    here.screener._on_fact = lambda _: None
    switch, done = here.shop.switches["sw1"], set[str]()
    while waiting or calls:
        while waiting and len(calls) < AT_ONCE:
            index, one = waiting.popleft()
            leg_id = str(uuid4())
            intent = SimpleNamespace(person_id="p", contact_id="k")
            calls[leg_id] = SimpleNamespace(
                leg_id=leg_id,
                switch="sw1",
                codec="",
                campaign=campaign,
                intent=intent,
                answered_s=0.0,
                one=one,
            )
            switch.dial(Dial(leg_id, number_of(index), "gw", "+48220000101", 20.0, None, {}))
        until(
            lambda: [n for n in here.noted() if n["attempt_id"] in calls and n["attempt_id"] not in done],
            "a verdict",
        )
        for note in here.noted():
            life = calls.pop(note["attempt_id"], None)
            if life is None:
                continue
            done.add(life.leg_id)
            if note["verdict"] != "undecided":
                life.one.heard, life.one.at_ms = note["verdict"], note["at_ms"]
            here.screener.stop(life)
            switch.hang_up(life.leg_id)
            kept[evidence / f"{life.leg_id}.wav"] = life.one
    until(lambda: all(path.exists() for path in kept), "the sound of every call")
    for path, one in kept.items():
        one.arrived = read_recording(path)
