"""A chaos run from beginning to end: people come, agents work, things break; at the end all is counted."""

import random
import subprocess
import sys
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from tests.chaos.checker import Evidence, violations
from tests.chaos.faults import RECOVERED_S, Faults
from tests.chaos.real import RealSwitch
from tests.chaos.rig import ROWS, Rig

LAST_LIST_S = 30.0  # before the end: what is imported later only has to be worked off
WAITING_LEAST = 40  # people due in each campaign, so that it never runs dry while things break


@dataclass
class Outcome:
    """Everything a reader of the run needs."""

    seed: int
    faults: Counter[str]
    kills: int
    recovered_s: dict[str, list[float]]
    evidence: Evidence
    found: dict[str, list[str]]
    took_s: float
    order: list[str] = field(default_factory=list)

    @property
    def total_faults(self) -> int:
        return sum(self.faults.values())


def run(
    home: Path,
    seed: int,
    minutes: float,
    kinds: frozenset[str] = frozenset(),
    *,
    kills: int = 0,
    attempts: int = 0,
    engines: int = 1,
    sabotage: str = "",
    robots_only: bool = False,
    screened: bool = True,
    bursts: bool = True,
    spoil: float = 1.0,
    shared_every: int = 4,
    load: int = 1,
    real: bool = False,
    drained_s: float = 300.0,
    pause_s: tuple[float, float] = (0.1, 1.5),
    say: bool = True,
) -> Outcome:
    """Break things for so many `minutes`, or until there were `kills` and `attempts` if that is sooner (both
    given). `spoil`: times the usual share of event frames. `drained_s`: how long the rest may take."""
    began_s = time.monotonic()
    rig = Rig(
        home,
        seed,
        engines,
        screened=screened,
        sabotage=sabotage,
        robots_only=robots_only,
        bursts=bursts,
        shared_every=shared_every,
        load=load,
        real=real,
    )
    faults = Faults(rig, random.Random(f"faults {seed}"), kinds)
    over, fed, order = threading.Event(), threading.Event(), list[str]()
    try:
        rig.start()
        threads = [
            threading.Thread(target=target, args=given, daemon=True)
            for target, given in (
                (rig.operators, ()),
                (rig.watch_owner, (over,)),
                *[(faults.hiccups, (random.Random(f"hiccups {seed}"), over))] * bool(spoil),
                *((feed, (rig, one["id"], fed)) for one in rig.campaigns),
            )
        ]
        for thread in threads:
            thread.start()
        time.sleep(3.0)
        faults.spoil_events(*(share * spoil for share in (0.03, 0.03, 0.03, 0.012)))
        ends_s = time.monotonic() + minutes * 60
        while time.monotonic() < ends_s:
            if kills and attempts and faults.kills >= kills and len(rig.senders) >= attempts:
                break
            if time.monotonic() > ends_s - LAST_LIST_S:
                fed.set()
            if faults.dice.random() < 0.7:  # most faults come one after another, some on top of each other
                rig.await_fit(RECOVERED_S)
            order.append(faults.next())
            if say and len(order) % 10 == 0:
                so_far = f"{faults.total():6d} faults  {faults.kills:4d} kills  {len(rig.senders):6d} calls"
                print(f"  {time.monotonic() - began_s:5.0f} s  {so_far}", flush=True)
            time.sleep(faults.dice.uniform(*pause_s))
        faults.settle()
        fed.set()
        over.set()
        for thread in threads[1:]:
            thread.join(310.0)
        drain(rig, drained_s)
        evidence = rig.evidence()
        rig.operators_off.set()
        threads[0].join(10.0)
        for one in rig.engines:
            rig.troubles += crashes_in(one.log)
            one.stop()
        rig.troubles += archive_troubles(rig)
        if isinstance(rig.switch, RealSwitch):
            rig.troubles += rig.switch.troubles()
        found = violations(evidence)
        return Outcome(
            seed,
            faults.all(),
            faults.kills,
            faults.recovered_s,
            evidence,
            found,
            time.monotonic() - began_s,
            order,
        )
    finally:
        fed.set()
        over.set()
        rig.operators_off.set()
        rig.stop()


def feed(rig: Rig, campaign_id: str, over: threading.Event) -> None:
    """New people whenever few are left. A loop for a thread."""
    while not over.is_set():
        slow = 3 if campaign_id == "screened" else 1  # its calls are few at a time, and have to end as well
        if rig.due(campaign_id) < WAITING_LEAST * rig.load // slow:
            rig.bring(campaign_id, rig.more_people(campaign_id, ROWS * rig.load // slow))
        over.wait(0.5)


def drain(rig: Rig, within_s: float) -> None:
    """Nothing is broken any more: everybody is called, every call ends, every agent is ready."""
    rig.await_fit(60.0)
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        front = rig.front_now()
        states = {agent["state"] for agent in front.try_get("/v1/agents") or [{"state": "?"}]}
        if not rig.agents:
            states = {"ready"}
        if (
            states == {"ready"}
            and all(is_over(rig, one["id"]) for one in rig.campaigns)
            and not rig.kept()[0]
        ):
            return
        time.sleep(0.5)


def is_over(rig: Rig, campaign_id: str) -> bool:
    """Nobody is due, on the line, or due within the next half minute."""
    status = rig.front_now().try_get(f"/v1/campaigns/{campaign_id}/status")
    if not status:
        return False
    queue = status["queue"]
    if not queue:  # the store was away when it was asked
        return False
    soon = 0 < queue.get("next_due_at_s", 0) < time.time() + 30
    return not (queue["due"] or queue["claimed"] or status["calls"] or soon)


def crashes_in(log: Path) -> list[str]:
    """Exceptions nobody expected. Events are spoilt on purpose: that one cannot be read is expected."""
    found = []
    lines = log.read_text(errors="replace").splitlines()
    for line in lines:
        expected = "ProtocolError" in line or '"unreadable event"' in line
        if "greenlet died" in line or ("Traceback" in line and not expected):
            found.append(f"{log.parent.name}: {line[-400:]}")
    return found[:5]


def archive_troubles(rig: Rig) -> list[str]:
    """Every engine's archive of the journal must be whole."""
    found = []
    for one in rig.engines:
        checked = subprocess.run(
            [sys.executable, "-m", "engine", "journal", "verify", "--config", str(one.home / "config.yaml")],
            capture_output=True,
            text=True,
            timeout=120,
        )
        if checked.returncode:
            found.append(f"{one.name}: journal verify says {(checked.stdout + checked.stderr)[-300:]}")
    return found


def calls_in(it: Outcome) -> int:
    """INVITEs to people."""
    return sum(line["what"] == "invite" and bool(line["gateway"]) for line in it.evidence.book)


def figures(it: Outcome) -> dict[str, float]:
    """The run in numbers."""
    return {
        "seed": it.seed,
        "faults": it.total_faults,
        "kills": it.kills,
        "calls": calls_in(it),
        "violations": sum(map(len, it.found.values())),
        "took_s": it.took_s,
    }


def report(it: Outcome) -> str:
    """The run in words."""
    calls = calls_in(it)
    ends = Counter(cdr["disposition"] for cdr in it.evidence.cdrs)
    lines = [
        f"seed {it.seed}: {it.total_faults} faults, {it.kills} of them process kills with recovery awaited, "
        f"in {it.took_s:.0f} s",
        "  " + ", ".join(f"{name} {times}" for name, times in sorted(it.faults.items()) if times),
        "  recovery, median and longest: "
        + ", ".join(
            f"{name} {sorted(took)[len(took) // 2]:.1f}/{max(took):.1f} s"
            for name, took in sorted(it.recovered_s.items())
            if took
        ),
        f"  {len(it.evidence.contacts)} people, {calls} INVITEs, {len(it.evidence.cdrs)} outcomes: "
        + ", ".join(f"{name} {times}" for name, times in ends.most_common()),
    ]
    total = sum(map(len, it.found.values()))
    lines.append(f"violations: {total}")
    for law, sentences in it.found.items():
        lines.append(f"  {law}: {len(sentences)}")
        lines += [f"    {sentence}" for sentence in sentences[:6]]
    return "\n".join(lines)
