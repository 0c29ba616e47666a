"""The pure rooms bound together: what every rulebook of a dialer says alike, on a switch or in the twin."""

from engine.compliance.gate import Gate
from engine.contacts.recycling import after_attempt, phones_in_turn
from engine.domain.disposition import disposition_of


class CommonRules:
    """All of `engine.dialer.rulebook.Rulebook` but the choice of a line. Its answers are the rooms' own."""

    phones = staticmethod(phones_in_turn)
    disposition = staticmethod(disposition_of)
    after = staticmethod(after_attempt)

    def __init__(self, gate: Gate) -> None:
        self.gate = gate.judge
