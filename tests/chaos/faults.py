"""What can go wrong, one function each, and the seeded order in which it does.

Whoever kills waits until all is well again; how long that took is written down. Small faults (a cut, a delay,
a clock that is wrong) only happen, also on top of each other.
"""

import contextlib
import os
import random
import resource
import signal
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from pathlib import Path

from tests.chaos.real import RealSwitch
from tests.chaos.rig import ChaosEngine, Rig
from tests.stories.virtual_switch import VirtualSwitchProcess

RECOVERED_S = 60.0
KILLS = ("kill engine", "kill engine twice", "kill store", "kill switch", "kill media", "kill archiver")


class Faults:
    """`dice` decides everything: one seed, one order. `kinds`: which, by words of their names."""

    def __init__(self, rig: Rig, dice: random.Random, kinds: frozenset[str] = frozenset()) -> None:
        self.rig, self.dice = rig, dice
        self.counted: Counter[str] = Counter()
        self.hiccup_count = 0  # a thread's own: it shares no counter with the others
        self.recovered_s: dict[str, list[float]] = defaultdict(list)
        self._timers: list[threading.Timer] = []
        self._plan: dict[str, tuple[int, Callable[[], None]]] = {
            "kill engine": (8, self.kill_engine),
            "kill engine twice": (2, self.kill_engine_twice),
            "kill store": (4, self.kill_store),
            "kill switch": (3, self.kill_switch),
            "kill media": (4, self.kill_media),
            "kill archiver": (3, self.kill_archiver),
            "stop engine": (3, self.stop_engine),
            "oversleep": (1 if len(rig.engines) > 1 else 0, self.oversleep),
            "stop switch": (2, self.stop_switch),
            "stop store": (2, self.stop_store),
            "cut switch": (5, self.cut_switch),
            "cut store": (5, self.cut_store),
            "slow store": (3, self.slow_store),
            "slow switch": (3, self.slow_switch),
            "full disk": (3, self.full_disk),
            "full disk of the store": (1, self.full_store),
            "clock": (4, self.step_clock),
        }
        if isinstance(rig.switch, RealSwitch):
            del self._plan["kill switch"]
        if kinds:
            self._plan = {
                name: entry
                for name, entry in self._plan.items()
                if name in kinds or kinds & set(name.split())
            }
        assert self._plan, f"no fault is called {sorted(kinds)}"

    @property
    def kills(self) -> int:
        return sum(times for name, times in self.counted.items() if name.startswith("kill"))

    def total(self) -> int:
        """Everything, with what the proxies did to single frames."""
        return sum(self.all().values())

    def all(self) -> Counter[str]:
        wires = (wire.counted for wire in (*self.rig.switch_wires, *self.rig.store_wires))
        return sum(wires, self.counted + Counter({"hiccup": self.hiccup_count}))

    def next(self) -> str:
        """Let one thing go wrong, and wait for recovery where a process died."""
        names, weights = (
            list(self._plan),
            [max(weight, len(self._plan) == 1) for weight, _ in self._plan.values()],
        )
        name = self.dice.choices(names, weights)[0]
        before = self.counted.copy()
        began = time.time()
        self._plan[name][1]()
        self.rig.held.append((began, time.time() + (8.0 if name == "slow store" else 2.0)))
        if self.counted == before:
            self.counted[name] += 1
        return name

    def settle(self) -> None:
        """Everything that is wrong for a time is right again."""
        for timer in self._timers:
            timer.join(10.0)
        for wire in (*self.rig.switch_wires, *self.rig.store_wires):
            wire.calm()
        for one in self.rig.engines:
            one.step.step_s = 0.0

    def spoil_events(self, lost: float, twice: float, late: float, garbled: float) -> None:
        for wire in self.rig.switch_wires:
            rates = wire.rates
            rates.lost, rates.twice, rates.late, rates.garbled = lost, twice, late, garbled

    # --- deaths --------------------------------------------------------------------------------------

    def _engine(self) -> ChaosEngine:
        return self.dice.choice([one for one in self.rig.engines if one.lives])

    def _recovered(self, name: str, times: int = 1) -> None:
        self.counted[name] += times
        self.recovered_s[name].append(self.rig.await_fit(RECOVERED_S))

    def kill_engine(self) -> None:
        one = self._engine()
        one.kill()
        time.sleep(self.dice.choice((0.0, 0.1, self.dice.uniform(0, 3))))
        one.launch()
        self._recovered("kill engine")

    def kill_engine_twice(self) -> None:
        """Again while it comes up and takes over."""
        one = self._engine()
        one.kill()
        one.launch()
        time.sleep(self.dice.uniform(0.8, 3.0))
        one.kill()
        one.launch()
        self._recovered("kill engine twice", 2)

    def kill_store(self) -> None:
        self.rig.store.kill()
        time.sleep(self.dice.choice((0.0, self.dice.uniform(0, 4))))
        self.rig.store.start()
        self._recovered("kill store")

    def kill_switch(self) -> None:
        began = time.time()
        assert isinstance(self.rig.switch, VirtualSwitchProcess)
        self.rig.switch.kill()
        time.sleep(self.dice.choice((0.0, self.dice.uniform(0, 4))))
        self.rig.switch.start()
        self.rig.blind.append((began, time.time()))
        time.sleep(0.3)
        self._recovered("kill switch")

    def kill_media(self) -> None:
        self._kill_child("media")

    def kill_archiver(self) -> None:
        self._kill_child("archiver")

    def _kill_child(self, word: str) -> None:
        one = self._engine()
        pid = one.child("worker", word)
        if not pid:
            self.counted[f"no {word} to kill"] += 0
            return
        began_s = time.monotonic()
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        while one.child("worker", word) in (0, pid):
            if time.monotonic() - began_s > RECOVERED_S:
                self.rig.troubles.append(f"the {word} process did not come back within {RECOVERED_S:g} s")
                return
            time.sleep(0.05)
        self.counted[f"kill {word}"] += 1
        self.recovered_s[f"kill {word}"].append(time.monotonic() - began_s)

    # --- standing still ------------------------------------------------------------------------------

    def _stop(self, pid: int, longest_s: float) -> None:
        began = time.time()
        os.kill(pid, signal.SIGSTOP)
        try:
            time.sleep(self.dice.uniform(0.1, longest_s))
        finally:
            os.kill(pid, signal.SIGCONT)
        self._paused = (began, time.time() + 0.3)

    def stop_engine(self) -> None:
        self._stop(self._engine().pid, 4.0)

    def oversleep(self) -> None:
        """Whoever owns the team stands still until another engine has taken it over, and goes on."""
        owners = self.rig.owners
        name = owners[-1][1] if owners else ""
        one = next((one for one in self.rig.engines if one.lives and one.name == name), self._engine())
        os.kill(one.pid, signal.SIGSTOP)
        try:
            deadline = time.monotonic() + 15.0
            while owners and owners[-1][1] == name and time.monotonic() < deadline:
                time.sleep(0.02)
            time.sleep(self.dice.uniform(0.6, 1.5))
        finally:
            os.kill(one.pid, signal.SIGCONT)

    def stop_store(self) -> None:
        self._stop(self.rig.store.pid, 4.0)

    def stop_switch(self) -> None:
        self._stop(self.rig.switch.pid, 3.0)
        self.rig.blind.append(self._paused)

    # --- connections ---------------------------------------------------------------------------------

    def cut_switch(self) -> None:
        self.counted["cut switch"] += self.dice.choice(self.rig.switch_wires).cut(
            self.dice, self.dice.choice((0.5, 1.0))
        )

    def cut_store(self) -> None:
        self.counted["cut store"] += self.dice.choice(self.rig.store_wires).cut(
            self.dice, self.dice.choice((0.3, 1.0))
        )

    def slow_store(self) -> None:
        wire = self.dice.choice(self.rig.store_wires)
        if self.dice.random() < 0.5:
            wire.stall(self.dice.uniform(0.2, 4.0))
        else:
            wire.delay_s = self.dice.uniform(0.01, 0.2)
            self._later(self.dice.uniform(1, 6), lambda: setattr(wire, "delay_s", 0.0))

    def slow_switch(self) -> None:
        wire = self.dice.choice(self.rig.switch_wires)
        seconds = self.dice.uniform(0.2, 2.5)
        self.rig.blind.append((time.time(), time.time() + seconds + 0.3))
        wire.stall(seconds)

    def hiccups(self, dice: random.Random, over: threading.Event) -> None:
        """Short pauses on some wire, all the time. A loop for a thread."""
        while not over.wait(dice.uniform(0.2, 1.0)):
            wires = (*self.rig.switch_wires, *self.rig.store_wires)
            dice.choice(wires).stall(dice.uniform(0.01, 0.25))
            self.hiccup_count += 1

    # --- disks and clocks ----------------------------------------------------------------------------

    def full_disk(self) -> None:
        """The engine may not make any file longer than its intent log is now, give or take some bytes."""
        one = self._engine()
        log = one.data / "intents" / "intents.log"
        size = log.stat().st_size if log.exists() else 0
        self._quota(one.pid, size + self.dice.choice((0, 1, self.dice.randrange(400))))
        self._later(self.dice.uniform(0.5, 4.0), lambda: self._no_quota(one))

    def full_store(self) -> None:
        newest = max(
            (path.stat().st_size for path in Path(self.rig.store.home).rglob("*.incr.aof")), default=0
        )
        pid = self.rig.store.pid
        self._quota(pid, newest + self.dice.randrange(300))
        time.sleep(self.dice.uniform(0.5, 2.0))
        self._quota(pid, resource.RLIM_INFINITY)

    def _no_quota(self, one: ChaosEngine) -> None:
        """Off again, from children too that were born meanwhile."""
        if not one.lives:
            return
        with contextlib.suppress(OSError, AssertionError):
            children = Path(f"/proc/{one.pid}/task/{one.pid}/children").read_text().split()
            for pid in (one.pid, *map(int, children)):
                self._quota(pid, resource.RLIM_INFINITY)

    @staticmethod
    def _quota(pid: int, most: int) -> None:
        with contextlib.suppress(ProcessLookupError):
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (most, resource.RLIM_INFINITY))

    def step_clock(self) -> None:
        one = self._engine()
        one.step.step_s = self.dice.choice((-3600.0, -30.0, -2.0, 2.0, 30.0, self.dice.uniform(-5, 5)))
        self._later(self.dice.uniform(1, 8), lambda: setattr(one.step, "step_s", 0.0))

    def _later(self, after_s: float, then: Callable[[], None]) -> None:
        timer = threading.Timer(after_s, then)
        timer.daemon = True
        timer.start()
        self._timers.append(timer)
