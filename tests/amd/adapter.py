"""The detector as evaluators of labelled openings want it: a word when it decides, 'beep' with its pitch."""

from engine.amd.classifier import Detector


class Adapter:
    """`feed(pcm)`: None, a label (human, machine, fax, sit, tone), or a list of it and ('beep', hz)."""

    def __init__(self) -> None:
        self._detector = Detector()

    def feed(self, pcm: bytes) -> str | list[str | tuple[str, float]] | None:
        told = self._detector.feed(pcm)
        if told is None:
            return None
        label = {"sit": "sit", "busy": "tone"}.get(told.why) or {"person": "human"}.get(told.what, told.what)
        return [label, ("beep", told.hz)] if told.why == "beep" else label


factory = Adapter
