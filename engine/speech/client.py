"""The engine's side of the worker: texts out by pipe, answers back, never without a deadline."""

import json
import os
import select
import subprocess
import threading
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from engine.domain.errors import DialerError
from engine.domain.prompt import Spoken

_BATCH = 8  # texts given to the worker at once: a long list does not hold up a short one for long


class SpeechError(DialerError):
    """The worker died or is late. What it has made is in the cache; ask again for the rest."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """How it went. `failed`: text → why."""

    made: int
    failed: dict[Spoken, str]


def _one_core() -> dict[str, str]:
    """numpy would spread small products over all cores: slower in all, and in the way of everybody else."""
    return {**os.environ, "OPENBLAS_NUM_THREADS": "1"}


class SpeechWorker:
    """One worker process, started with the first text and again if it dies.

    `command`: e.g. prozvon worker tts --cache data/speech. Safe for many greenlets (or threads).
    """

    def __init__(self, command: Sequence[str]) -> None:
        self._command = list(command)
        self._process: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()
        self._rest = b""

    def render(self, texts: Iterable[Spoken], deadline_s: float = 60.0) -> Rendered:
        """Have all of them made. SpeechError if the worker takes longer than `deadline_s` for any batch."""
        waiting = list(dict.fromkeys(texts))
        failed: dict[Spoken, str] = {}
        for at in range(0, len(waiting), _BATCH):
            batch = waiting[at : at + _BATCH]
            with self._lock:
                for text, told in zip(batch, self._ask(batch, deadline_s), strict=True):
                    if "error" in told:
                        failed[text] = str(told["error"])
        return Rendered(len(waiting) - len(failed), failed)

    def stop(self) -> None:
        """End the worker."""
        with self._lock:
            self._end()

    def _ask(self, batch: list[Spoken], deadline_s: float) -> list[dict[str, object]]:
        try:
            lines = self._exchange(self._lines_of(batch), len(batch), time.monotonic() + deadline_s)
            return [json.loads(line) for line in lines]
        except (OSError, ValueError, SpeechError) as error:
            self._end()  # answers come in order: after a missed one none can be told apart
            raise SpeechError(f"the speech worker failed: {error}", " ".join(self._command)) from error

    @staticmethod
    def _lines_of(batch: list[Spoken]) -> bytes:
        asked = ({"text": each.text, "language": each.language, "voice": each.voice} for each in batch)
        return b"".join(json.dumps(each).encode() + b"\n" for each in asked)

    def _exchange(self, out: bytes, answers: int, until_s: float) -> list[bytes]:
        process = self._running()
        assert process.stdin is not None
        assert process.stdout is not None
        write, read = process.stdin.fileno(), process.stdout.fileno()
        lines: list[bytes] = []
        while len(lines) < answers:
            left_s = until_s - time.monotonic()
            readable, writable, _ = select.select([read], [write] if out else [], [], max(0.0, left_s))
            if not readable and not writable:
                raise SpeechError("no answer in time")
            if writable:
                out = out[os.write(write, out) :]
            if readable:
                got = os.read(read, 65_536)
                if not got:
                    raise SpeechError(f"it ended with code {process.wait(timeout=5)}")
                *whole, self._rest = (self._rest + got).split(b"\n")
                lines += whole
        return lines

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None or self._process.poll() is not None:
            self._end()
            pipe = subprocess.PIPE
            self._process = subprocess.Popen(
                self._command, stdin=pipe, stdout=pipe, bufsize=0, env=_one_core()
            )
            assert self._process.stdin is not None
            os.set_blocking(self._process.stdin.fileno(), False)
        return self._process

    def _end(self) -> None:
        process, self._process, self._rest = self._process, None, b""
        if process is None:
            return
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()
        process.kill()
        process.wait(timeout=5)
