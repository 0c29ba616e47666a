"""People whom AMD took for machines, as abandoned calls: the estimate that regulators ask for. Pure.

Ofcom's statement on persistent misuse (annex on calculating an abandoned call rate): a reasoned estimate of
AMD false positives is added to the abandoned calls, and so to the live ones:

    rate = (abandoned + false positives) / (abandoned + false positives + calls served)

False positives are the machines times the share of people among audited ones, with Wilson's interval around
it."""

from dataclasses import asdict, dataclass
from math import sqrt

Z_95 = 1.959964


def wilson(hits: int, of: int, z: float = Z_95) -> tuple[float, float]:
    """Wilson's score interval of a share, 95 % unless `z` says else; (0, 1) where nothing was tried."""
    if not of:
        return 0.0, 1.0
    share, square = hits / of, z * z
    middle = (share + square / (2 * of)) / (1 + square / of)
    half = z * sqrt(share * (1 - share) / of + square / (4 * of * of)) / (1 + square / of)
    return max(0.0, middle - half) if hits else 0.0, min(1.0, middle + half) if hits < of else 1.0


@dataclass(frozen=True, slots=True)
class Abandonment:
    """Fractions 0..1. `share`, `share_low`, `share_high`: of people among the machines, from `audits`.
    `rate`, `lowest`, `highest`: abandonment with them. `plain`: without."""

    audits: int
    share: float
    share_low: float
    share_high: float
    plain: float
    rate: float
    lowest: float
    highest: float

    def as_record(self) -> dict[str, float]:
        return {name: round(value, 5) for name, value in asdict(self).items()}


def with_false_positives(abandoned: int, served: int, machines: int, wrong: int, right: int) -> Abandonment:
    """`machines`: calls that AMD ended as such. `wrong`, `right`: audited ones that were people, and were
    not."""
    audits = wrong + right
    low, high = wilson(wrong, audits)
    share = wrong / audits if audits else 0.0

    def rate(of_machines: float) -> float:
        lost = abandoned + of_machines * machines
        return lost / (lost + served) if lost else 0.0

    return Abandonment(audits, share, low, high, rate(0.0), rate(share), rate(low), rate(high))
