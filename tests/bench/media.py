"""What screening costs: `python -m tests.bench.media [CALLS]`. Real SIP and RTP on loopback, in real time.

Every call is a noisy line with a "Hello?" after some seconds, so that each frame until the verdict needs the
whole detector. Prints the media process's CPU per second of audio and how long after the deciding packet was
sent the verdict is there.
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
FIRST_PORT = 24_000


def main(calls: int = 300) -> int:
    with ExitStack() as stack:
        process = _media_process(stack, calls)
        assert process.stdout is not None
        where, _, control = process.stdout.readline().strip().partition(", control ")
        reader = Reader(control)
        stack.callback(reader.close)
        forks = [_begin(stack, int(where.rpartition(":")[2]), f"call-{n}") for n in range(calls)]
        sound = [packets(_opening(seed)) for seed in range(8)]
        cpu_s, began_s = _cpu_s(process.pid), time.monotonic()
        delays = _Delays(reader, calls)
        sent_s = _play(forks, sound)
        elapsed_s = time.monotonic() - began_s
        cpu_s = _cpu_s(process.pid) - cpu_s
        delays.join(10)
        delays_ms = [(heard_s - sent_s[at_ms // 20 - 1]) * 1000 for heard_s, at_ms in delays.told]
        assert len(delays_ms) == calls, f"only {len(delays_ms)} verdicts"
    audio_s = sum(len(sound[n % 8]) for n in range(calls)) * 0.02
    print(f"{calls} calls at once, {elapsed_s:.1f} s of sound each in real time")
    each_ms, share = cpu_s / audio_s * 1000, cpu_s / elapsed_s
    p50_ms, p99_ms = np.percentile(delays_ms, 50), np.percentile(delays_ms, 99)
    tell("CPU of the media process", share, "of a core")
    tell("CPU of a second of audio", each_ms, "ms", at_most=3.3)
    tell("verdict after its packet, p50", p50_ms, "ms")
    tell("verdict after its packet, p99", p99_ms, "ms", at_most=60.0)
    return 0 if p99_ms < 60 and each_ms < 3.3 else 1


class _Delays(threading.Thread):
    """`told`: for each verdict when it was read, and which millisecond of the sound decided."""

    def __init__(self, reader: Reader, count: int) -> None:
        super().__init__(daemon=True)
        self._reader, self._count = reader, count
        self.told: list[tuple[float, int]] = []
        self.start()

    def run(self) -> None:
        for _ in range(self._count):
            line = self._reader.wait("verdict")
            self.told.append((time.monotonic(), line["at_ms"]))


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


def _play(forks: list[Call], sound: list[list[bytes]]) -> list[float]:
    """Send a packet of every call each 20 ms; when each of these rounds began."""
    rounds, began_s = list[float](), time.monotonic()
    for number in range(min(map(len, sound))):
        time.sleep(max(0.0, began_s + number * 0.02 - time.monotonic()))
        rounds.append(time.monotonic())
        for which, call in enumerate(forks):
            call.sip.sendto(sound[which % len(sound)][number], call.media)
    return rounds


def _cpu_s(pid: int) -> float:
    with open(f"/proc/{pid}/stat") as stat:
        fields = stat.read().rpartition(") ")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    raise SystemExit(main(*map(int, sys.argv[1:])))
