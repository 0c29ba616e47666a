"""Fill the channels: a robot talks to everybody who answers."""

from engine.pacing.snapshot import Decision, Memoryless, Snapshot


class Robot(Memoryless):
    """launch = channels given to the campaign − calls it has."""

    def decide(self, now_s: float, snapshot: Snapshot) -> Decision:
        busy = len(snapshot.calls)
        return Decision(
            max(0, snapshot.max_calls - busy), reason=f"{busy} of {snapshot.max_calls} channels in use"
        )
