"""Rule: a number or a person on the do-not-call list is never called. It binds whether configured or not."""

import math
from dataclasses import dataclass
from typing import ClassVar

from engine.compliance.case import Case
from engine.domain.gate import Blocked


@dataclass(frozen=True, slots=True)
class Params:
    """None: the list itself is given to the gate."""


class DoNotCall:
    name: ClassVar[str] = "do_not_call"
    needs_zone = False

    def __init__(self, params: Params) -> None:
        self.params = params

    def judge(self, case: Case) -> Blocked | None:
        if case.contact.person_id in case.do_not_call.persons:
            return Blocked(self.name, "the person is on the do-not-call list", math.inf)
        if case.phone.number in case.do_not_call.numbers:
            return Blocked(self.name, "the number is on the do-not-call list", math.inf, number_only=True)
        return None
