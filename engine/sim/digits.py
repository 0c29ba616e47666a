"""Applications that wait for keys."""

import re

from engine.sim.leg import Leg
from engine.sim.sounding import played, seconds_of
from engine.sim.steps import Progress, Step, Wait, Wake


def play_and_get_digits(step: Step) -> Progress:
    """min max tries timeout_ms terminators file invalid_file variable regexp [digit_timeout_ms]

    A wrong entry leaves the variable unset and fills VARIABLE_invalid, and read_result still says success.
    """
    leg = step.leg
    words = step.argument.split(" ")
    if len(words) < 8 or not all(word.isdigit() for word in words[:4]):
        return
    least, most, tries, timeout_ms = (int(word) for word in words[:4])
    terminators, prompt, invalid_prompt, variable = words[4:8]
    pattern = words[8] if len(words) > 8 else r"\d+"
    between_ms = int(words[9]) if len(words) > 9 and words[9].isdigit() else timeout_ms
    leg.set_variable(variable, "")
    for _ in range(max(1, tries)):
        entry = _Entry(leg, least, most, terminators)
        yield from entry.collect(step, prompt, timeout_ms / 1000, between_ms / 1000)
        leg.variables["read_result"] = "success" if entry.digits else "failure"
        if entry.terminator:
            leg.variables["read_terminator_used"] = entry.terminator
        if len(entry.digits) >= least and re.fullmatch(pattern, entry.digits):
            leg.set_variable(variable, entry.digits)
            return
        if entry.digits:
            leg.variables[f"{variable}_invalid"] = entry.digits
        if (seconds := seconds_of(step, invalid_prompt)) is not None:
            yield from played(step, invalid_prompt, seconds)


def read(step: Step) -> Progress:
    """min max file variable timeout_ms [terminators]"""
    words = step.argument.split(" ")
    if len(words) < 5 or not all(word.isdigit() for word in (words[0], words[1], words[4])):
        return
    terminators = words[5] if len(words) > 5 else "none"
    entry = _Entry(step.leg, int(words[0]), int(words[1]), terminators)
    timeout_s = int(words[4]) / 1000
    yield from entry.collect(step, words[2], timeout_s, timeout_s)
    step.leg.set_variable(words[3], entry.digits)
    step.leg.variables["read_result"] = "success" if len(entry.digits) >= entry.least else "failure"


class _Entry:
    """Keys pressed while and after one prompt; the first key cuts the prompt."""

    def __init__(self, leg: Leg, least: int, most: int, terminators: str) -> None:
        self.leg, self.least, self.most, self.terminators = leg, least, most, terminators
        self.digits = ""
        self.terminator = ""

    def collect(self, step: Step, prompt: str, timeout_s: float, between_s: float) -> Progress:
        seconds = seconds_of(step, prompt)
        self._take()
        if seconds is not None and not self.digits and not self._complete():
            yield from played(step, prompt, seconds, digits=True)
        self._take()
        while not self._complete():
            why = yield Wait(between_s if self.digits else timeout_s, digits=True)
            if why is not Wake.DIGIT:
                return
            self._take()

    def _take(self) -> None:
        while self.leg.digits and not self._complete():
            digit = self.leg.digits.popleft()
            if digit in self.terminators:
                self.terminator = digit
            else:
                self.digits += digit

    def _complete(self) -> bool:
        return len(self.digits) >= self.most or bool(self.terminator)
