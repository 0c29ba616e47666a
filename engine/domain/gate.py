"""The gate's two answers."""

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Allowed:
    """The person may be called now, judged on this version of their history."""

    person_version: int


@dataclass(frozen=True, slots=True)
class Blocked:
    """Not now. `rule`: its registry name; `retry_at_s`: epoch seconds when it may change, inf for never.

    `number_only`: the rule is against this number; another number of the contact may pass.
    """

    rule: str
    reason: str
    retry_at_s: float
    number_only: bool = False

    @property
    def for_ever(self) -> bool:
        return math.isinf(self.retry_at_s)
