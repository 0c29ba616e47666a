"""The ledger of abandoned calls, and θ, the risk that a launch may carry.

θ is steered by integral control, one step for each live answer: log θ += GAIN · (aim − abandoned). Summed
up, log θ(n) − log θ(0) = GAIN · (aim·n − abandons): with θ held between two bounds, abandons can never
exceed aim·n by more than log(θ(0)/θmin)/GAIN plus what was in flight, whatever the world does, and in a
steady world the rate goes to the aim itself.

Beside it stands a count for each of the windows that rules are written for (24 hours, 30 days). A window
that has clearly run over its cap allows no risk at all until it recovers.
"""

import math
from collections import deque

AIM = 0.935
"""θ is steered to this share of the cap, so that chance does not carry the rate over it."""
LOWEST, HIGHEST = 2.0 / 15.0, math.log(0.6)
"""Bounds of θ: a share of the cap, and its logarithm."""
START, LUMPS = 0.5, 2.7
"""θ of a new campaign: the cap, times START + LUMPS/agents, but never more than the cap: nobody has earned
more yet. With few agents the risk of the next call moves in lumps, and the calls that are launched carry less
than the θ they stay under; in a large team launches still to come make it more."""
GAIN, TEAM = 0.12, 10
"""Step of log θ for an abandoned call, in teams of up to TEAM agents."""
BURST, PASSES = 0.32, 150.0
"""In a large team log θ steps down by up to BURST more for each abandoned call, and up for answers served; of
that 1/e is left after PASSES live answers. A burst says that this minute is misjudged, not the month."""
RESERVE, YOUNG = 0.2, 300.0
"""A campaign of fewer than some YOUNG live answers aims lower, by RESERVE of the cap at first, and so builds
up RESERVE·YOUNG·cap abandoned calls (about two) which chance may take later without carrying the whole over
the cap. It also takes larger steps, for the model may be off and θ far from where it belongs."""
HOUR_S = 3600.0
LOOK_EVERY_S = 60.0


class Ledger:
    """`live`, `abandoned`: since the beginning. Times on any clock that does not jump, seconds."""

    def __init__(self) -> None:
        self.live = self.abandoned = 0.0
        self.log_theta = math.log(0.03 * START)
        self.passing = 0.0  # of log θ
        self._lowest = math.log(0.03 * LOWEST)
        self._started = False
        self.hours: deque[list[float]] = deque()  # [hour, live, abandoned]
        self.windows: dict[float, tuple[float, float]] = {}
        self._looked_s = -1e9

    @property
    def theta(self) -> float:
        return math.exp(min(max(self.log_theta + self.passing, self._lowest), HIGHEST))

    def start(self, agents: int, cap: float) -> None:
        """The first decision: how large the team is; later ones change nothing."""
        if not self._started and agents:
            self._started, self._lowest = True, math.log(cap * LOWEST)
            self.log_theta = math.log(cap * min(1.0, START + LUMPS / agents))

    def note(
        self,
        abandoned: bool,
        cap: float,
        now_s: float,
        agents: int = 1,
        dared: bool = True,
        known: bool = True,
    ) -> None:
        """One live answer: served, or abandoned. `agents`: at work. In a large team abandons come in bursts,
        so the step that lasts must be smaller; another answers the burst, and passes with it.
        `dared`: it was θ that bounded the launches; what was served while trunks or the list did raises θ
        to the cap at most, or it would run up unseen. `known`: something was predicted at all; an answer that
        was served without earns nothing."""
        self.live += 1.0
        self.abandoned += float(abandoned)
        young = math.exp(-self.live / YOUNG)
        lasting = (TEAM / max(TEAM, agents)) ** 0.25
        aim = cap * (AIM - RESERVE * young) if known else 0.0
        miss, self._lowest = aim - float(abandoned), math.log(cap * LOWEST)
        highest = HIGHEST if dared else max(self.log_theta, math.log(cap))
        self.log_theta = min(
            max(self.log_theta + GAIN * lasting * (1.0 + young) * miss, self._lowest), highest
        )
        self.passing = self.passing * (1.0 - 1.0 / PASSES) + (1.0 - lasting) * BURST * miss
        hour = now_s // HOUR_S
        if not self.hours or self.hours[-1][0] != hour:
            self.hours.append([hour, 0.0, 0.0])
        self.hours[-1][1] += 1.0
        self.hours[-1][2] += float(abandoned)
        self._looked_s = -1e9

    def look(self, now_s: float, windows_s: tuple[float, ...]) -> None:
        """Count the windows anew when there is cause; hours older than the longest are forgotten."""
        if 0.0 <= now_s - self._looked_s < LOOK_EVERY_S and tuple(self.windows) == windows_s:
            return
        self._looked_s = now_s
        oldest = now_s // HOUR_S - max(windows_s, default=0.0) / HOUR_S
        while self.hours and self.hours[0][0] <= oldest:
            self.hours.popleft()
        self.windows = {}
        for window_s in windows_s:
            since = now_s // HOUR_S - window_s / HOUR_S
            inside = [hour for hour in self.hours if hour[0] > since]
            self.windows[window_s] = (sum(h[1] for h in inside), sum(h[2] for h in inside))

    def overspent(self, cap: float) -> str:
        """The window that has run over the cap by more than chance explains, or ""."""
        for window_s, (live, abandoned) in self.windows.items():
            allowed = cap * live
            if abandoned > allowed + 3.0 * math.sqrt(allowed) + 3.0:
                return f"{abandoned:.0f} of {live:.0f} abandoned in {window_s / HOUR_S:g} h"
        return ""

    def rates(self) -> dict[str, float]:
        """Measured rate of each window, by name."""
        return {
            f"abandoned_{window_s / HOUR_S:g}h": abandoned / live if live else 0.0
            for window_s, (live, abandoned) in self.windows.items()
        }

    def save(self) -> dict[str, float]:
        kept = {
            "live": self.live,
            "abandoned": self.abandoned,
            "log_theta": self.log_theta,
            "passing": self.passing,
        }
        kept["started"] = float(self._started)
        for hour, live, abandoned in self.hours:
            kept |= {f"hour.{hour:.0f}.live": live, f"hour.{hour:.0f}.abandoned": abandoned}
        return kept

    def load(self, learned: dict[str, float]) -> None:
        self.live, self.abandoned = learned["live"], learned["abandoned"]
        self._started = bool(learned["started"])
        self.log_theta, self.passing = learned["log_theta"], learned.get("passing", 0.0)
        names = [key.split(".")[1] for key in learned if key.startswith("hour.") and key.endswith(".live")]
        self.hours = deque(
            [float(hour), learned[f"hour.{hour}.live"], learned[f"hour.{hour}.abandoned"]]
            for hour in sorted(names, key=float)
        )
