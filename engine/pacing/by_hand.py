"""Preview and manual: the agent starts each call, the engine launches none by itself."""

from engine.pacing.snapshot import Decision, Memoryless, Snapshot


class ByHand(Memoryless):
    def decide(self, now_s: float, snapshot: Snapshot) -> Decision:
        return Decision(0, next_check_s=5.0, reason="each call is started by an agent")
