"""A small coverage-guided fuzzer: inputs that reach lines nobody reached before are kept and changed further.

It watches lines of `engine/` alone. An input fails when the target raises anything, or takes more than
`SLOW_S` of CPU; it is then made as small as it will go.
"""

import random
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from types import FrameType
from typing import Any

SLOW_S = 2.0
LONGEST = 8_192
Target = Callable[[bytes], object]


@dataclass(slots=True)
class Result:
    """`failures`: smallest inputs with what was raised."""

    runs: int = 0
    lines: int = 0
    kept: int = 0
    took_s: float = 0.0
    failures: list[tuple[bytes, str]] = field(default_factory=list)


class Coverage:
    """Which lines of the engine a call went through."""

    def __init__(self) -> None:
        self.seen: set[tuple[str, int]] = set()
        self._now: set[tuple[str, int]] = set()
        self._ours: dict[str, bool] = {}

    def _trace(self, frame: FrameType, event: str, argument: Any) -> Any:
        name = frame.f_code.co_filename
        if not self._is_ours(name):
            return None
        return self._line

    def _is_ours(self, name: str) -> bool:
        known = self._ours.get(name)
        if known is None:
            known = self._ours[name] = "/engine/" in name
        return known

    def _line(self, frame: FrameType, event: str, argument: Any) -> Any:
        if event == "line":
            self._now.add((frame.f_code.co_filename, frame.f_lineno))
        return self._line

    def of(self, target: Target, data: bytes) -> bool:
        """Run; True when a line was new. Whatever the target raises is raised."""
        self._now = set()
        before = sys.gettrace()
        sys.settrace(self._trace)
        try:
            target(data)
        finally:
            sys.settrace(before)
            is_new = not self._now <= self.seen
            self.seen |= self._now
        return is_new


def fuzz(
    target: Target,
    seeds: Sequence[bytes],
    words: Sequence[bytes],
    seconds: float,
    seed: int = 0,
    most_runs: int = 10**9,
) -> Result:
    """`words`: what inputs are made of, put in here and there."""
    dice, coverage, result = random.Random(seed), Coverage(), Result()
    corpus = [one[:LONGEST] for one in seeds] or [b""]
    began_s = time.monotonic()
    for one in corpus:
        _tried(coverage, target, one, result)
    while time.monotonic() - began_s < seconds and result.runs < most_runs and len(result.failures) < 5:
        data = changed(dice.choice(corpus), corpus, words, dice)
        if _tried(coverage, target, data, result):
            corpus.append(data)
            result.kept += 1
    result.lines, result.took_s = len(coverage.seen), time.monotonic() - began_s
    return result


def _tried(coverage: Coverage, target: Target, data: bytes, result: Result) -> bool:
    result.runs += 1
    began_s = time.process_time()  # of our own: a busy machine makes nothing slow
    try:
        is_new = coverage.of(target, data)
    except Exception as error:
        small = smaller(target, data, type(error))
        said = f"{type(error).__name__}: {error}"
        if all(said.split(":")[0] != known.split(":")[0] for _, known in result.failures):
            result.failures.append((small, said[:300]))
        return False
    if (took_s := time.process_time() - began_s) > SLOW_S:
        result.failures.append((data, f"took {took_s:.1f} s of CPU"))
    return is_new


def changed(data: bytes, corpus: Sequence[bytes], words: Sequence[bytes], dice: random.Random) -> bytes:
    """The input with one to six changes."""
    out = bytearray(data)
    for _ in range(dice.choice((1, 1, 2, 3, 6))):
        at = dice.randrange(len(out) + 1)
        end = min(len(out), at + dice.choice((1, 2, 4, 16, 64, 256)))
        kind = dice.randrange(8)
        if kind == 0 and out:
            out[min(at, len(out) - 1)] ^= 1 << dice.randrange(8)
        elif kind == 1:
            out[at:at] = dice.randbytes(dice.choice((1, 2, 8)))
        elif kind == 2:
            del out[at:end]
        elif kind == 3 and words:
            out[at:at] = dice.choice(words)
        elif kind == 4 and words:
            out[at:end] = dice.choice(words)
        elif kind == 5:
            out[at:at] = out[at:end] * dice.choice((1, 2, 8))
        elif kind == 6:
            other = dice.choice(corpus)
            begin = dice.randrange(len(other) + 1)
            out[at:end] = other[begin : begin + dice.choice((4, 32, 256))]
        else:
            out[at:end] = str(
                dice.choice((0, 1, -1, 255, 65536, 2**31, 2**63, 1e308, "1e999", "nan"))
            ).encode()
    return bytes(out[:LONGEST])


def smaller(target: Target, data: bytes, kind: type[Exception], within_s: float = 3.0) -> bytes:
    """A short input that still raises the same."""
    deadline, size = time.monotonic() + within_s, max(1, len(data) // 2)
    while size >= 1 and time.monotonic() < deadline:
        at, cut = 0, False
        while at < len(data) and time.monotonic() < deadline:
            shorter = data[:at] + data[at + size :]
            try:
                target(shorter)
                at += size
            except kind:
                data, cut = shorter, True
            except Exception:
                at += size
        if not cut:
            size //= 2
    return data
