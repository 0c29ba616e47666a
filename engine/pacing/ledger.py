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
THETA_MIN, THETA_MAX = 0.004, 0.6
THETA_START, LUMPS = 0.015, 0.08
"""θ of a new campaign: THETA_START + LUMPS/agents. With few agents the risk of the next call moves in lumps,
and the calls that are launched carry less than the θ they stay under."""
GAIN, TEAM = 0.12, 10
"""Step of log θ for an abandoned call, in teams of up to TEAM agents."""
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
        self.log_theta = math.log(THETA_START)
        self._started = False
        self.hours: deque[list[float]] = deque()  # [hour, live, abandoned]
        self.windows: dict[float, tuple[float, float]] = {}
        self._looked_s = -1e9

    @property
    def theta(self) -> float:
        return math.exp(self.log_theta)

    def start(self, agents: int) -> None:
        """The first decision: how large the team is; later ones change nothing."""
        if not self._started and agents:
            self._started = True
            self.log_theta = math.log(THETA_START + LUMPS / agents)

    def note(self, abandoned: bool, cap: float, now_s: float, agents: int = 1, dared: bool = True) -> None:
        """One live answer: served, or abandoned. `agents`: at work; in a large team abandons come in
        clusters, and a step for each must be smaller. `dared`: the launches were bounded by θ; an answer that
        was served without any risk earns no credit."""
        self.live += 1.0
        self.abandoned += float(abandoned)
        young = math.exp(-self.live / YOUNG)
        gain = GAIN * (TEAM / max(TEAM, agents)) ** 0.25 * (1.0 + young)
        aim = cap * (AIM - RESERVE * young) if dared else 0.0
        step = gain * (aim - float(abandoned))
        self.log_theta = min(max(self.log_theta + step, math.log(THETA_MIN)), math.log(THETA_MAX))
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
        kept = {"live": self.live, "abandoned": self.abandoned, "log_theta": self.log_theta}
        kept["started"] = float(self._started)
        for hour, live, abandoned in self.hours:
            kept |= {f"hour.{hour:.0f}.live": live, f"hour.{hour:.0f}.abandoned": abandoned}
        return kept

    def load(self, learned: dict[str, float]) -> None:
        self.live, self.abandoned = learned["live"], learned["abandoned"]
        self._started = bool(learned["started"])
        self.log_theta = learned["log_theta"]
        names = [key.split(".")[1] for key in learned if key.startswith("hour.") and key.endswith(".live")]
        self.hours = deque(
            [float(hour), learned[f"hour.{hour}.live"], learned[f"hour.{hour}.abandoned"]]
            for hour in sorted(names, key=float)
        )
