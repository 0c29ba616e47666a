"""What screening costs: `python -m tests.bench.media [CALLS]`. Real SIP and RTP on loopback, in real time.

Every call is a noisy line with a "Hello?" after some seconds, so that each frame until the verdict needs the
whole detector. The calls begin over a second, and all are undecided at once for six; the packets of all leave
together each 20 ms, as a switch sends them. Prints the media process's CPU per second of audio while all are
undecided, and how long after the deciding packet was sent the verdict is there.
"""

import os
import socket
import subprocess
import sys
import threading
import time
from contextlib import ExitStack

import numpy as np

from tests.amd.openings import pcm, silence, voice
from tests.bench.figures import tell
from tests.media.caller import Call, packets
from tests.media.engine_side import Reader

NOISE, HELLO_AFTER_S, HELLO_S, AFTER_S = 0.008, 5.0, 0.8, 1.6
BEGIN_ROUNDS = 50  # all calls begin within so many times 20 ms
FIRST_PORT = 24_000
MOST_MS = 2.0  # CPU of a second of audio


def main(calls: int = 300) -> int:
    with ExitStack() as stack:
        process = _media_process(stack, calls)
        assert process.stdout is not None
        where, _, control = process.stdout.readline().strip().partition(", control ")
        reader = Reader(control)
        stack.callback(reader.close)
        forks = [_begin(stack, int(where.rpartition(":")[2]), f"call-{n}") for n in range(calls)]
        sound = [packets(_opening(seed)) for seed in range(8)]
        delays = _Delays(reader, {call.fork_id: n for n, call in enumerate(forks)})
        began_s = time.monotonic()
        rounds_s, cpu = _play(forks, sound, process.pid)
        elapsed_s = time.monotonic() - began_s
        delays.join(10)
        first = [BEGIN_ROUNDS * n // calls for n in range(calls)]
        delays_ms = [
            (told_s - rounds_s[first[n] + at_ms // 20 - 1]) * 1000 for n, told_s, at_ms in delays.told
        ]
        assert len(delays_ms) == calls, f"only {len(delays_ms)} verdicts"
    late_ms = max(sent_s - began_s - 0.02 * n for n, sent_s in enumerate(rounds_s)) * 1000
    (cpu_s, at_s), (cpu_end_s, at_end_s) = cpu
    audio_s = (at_end_s - at_s) * calls
    print(f"{calls} calls at once, {elapsed_s:.1f} s of sound each in real time")
    each_ms, share = (cpu_end_s - cpu_s) / audio_s * 1000, (cpu_end_s - cpu_s) / (at_end_s - at_s)
    p50_ms, p99_ms = np.percentile(delays_ms, 50), np.percentile(delays_ms, 99)
    tell("CPU of the media process", share, "of a core")
    tell("CPU of a second of audio", each_ms, "ms", at_most=MOST_MS)
    tell("the sender itself was late by at most", late_ms, "ms")
    tell("verdict after its packet, p50", p50_ms, "ms")
    tell("verdict after its packet, p99", p99_ms, "ms", at_most=60.0)
    return 0 if p99_ms < 60 and each_ms <= MOST_MS else 1


class _Delays(threading.Thread):
    """`told`: for each verdict whose it is, when it was read, and which millisecond of the sound decided."""

    def __init__(self, reader: Reader, numbers: dict[str, int]) -> None:
        super().__init__(daemon=True)
        self._reader, self._numbers = reader, numbers
        self.told: list[tuple[int, float, int]] = []
        self.start()

    def run(self) -> None:
        for _ in self._numbers:
            line = self._reader.wait("verdict")
            self.told.append((self._numbers[line["fork_id"]], time.monotonic(), line["at_ms"]))


def _media_process(stack: ExitStack, calls: int) -> "subprocess.Popen[str]":
    ports = ["--rtp-first", str(FIRST_PORT), "--rtp-last", str(FIRST_PORT + 2 * calls + 99)]
    process = subprocess.Popen(
        [sys.executable, "-m", "engine", "worker", "media", "--sip-port", "0", "--control", "0", *ports],
        stdout=subprocess.PIPE,
        text=True,
    )
    stack.callback(process.wait)
    stack.callback(process.terminate)
    return process


def _begin(stack: ExitStack, sip_port: int, attempt_id: str) -> Call:
    sip = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
    sip.bind(("127.0.0.1", 0))
    sip.settimeout(5)
    call = Call(sip, ("127.0.0.1", sip_port), attempt_id)
    assert call.begin() == 200
    return call


def _opening(seed: int) -> bytes:
    line = silence(HELLO_AFTER_S + HELLO_S + AFTER_S, level=NOISE, seed=seed)
    hello = voice(HELLO_S, pitch_hz=100 + 20 * seed, seed=seed)
    at = int(HELLO_AFTER_S * 8_000)
    line[at : at + len(hello)] += hello
    return pcm(line)


def _play(
    forks: list[Call], sound: list[list[bytes]], pid: int
) -> tuple[list[float], list[tuple[float, float]]]:
    """(when each round of packets was sent, [(CPU used, when)] after all have begun and before any is
    decided). A round every 20 ms, with a packet of every call that has begun and goes on."""
    rounds, cpu, began_s = list[float](), list[tuple[float, float]](), time.monotonic()
    length = min(map(len, sound))
    for number in range(length + BEGIN_ROUNDS):
        time.sleep(max(0.0, began_s + number * 0.02 - time.monotonic()))
        rounds.append(time.monotonic())
        if number in (BEGIN_ROUNDS, round((HELLO_AFTER_S + HELLO_S) * 50)):
            cpu.append((_cpu_s(pid), time.monotonic()))
        for which, call in enumerate(forks):
            at = number - BEGIN_ROUNDS * which // len(forks)
            if 0 <= at < length:
                call.sip.sendto(sound[which % len(sound)][at], call.media)
    return rounds, cpu


def _cpu_s(pid: int) -> float:
    with open(f"/proc/{pid}/stat") as stat:
        fields = stat.read().rpartition(") ")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    raise SystemExit(main(*map(int, sys.argv[1:])))
