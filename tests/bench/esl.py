"""What an event costs from the socket to its owner: `python -m tests.bench.esl`.

A process of its own pours JSON events of 8 KB, as FreeSWITCH writes them, into a link over loopback: answered
calls, twelve subscribed events each. Counted is the CPU of this process alone: read, framed, parsed, made
into facts, handed to the owner of the call.
"""

import multiprocessing
import multiprocessing.synchronize
import socket
import threading
import time
from uuid import uuid4

import orjson

from engine.domain.facts import Fact
from engine.greenlets import HubLag
from engine.switch.link import SwitchLink
from tests.bench.figures import tell
from tests.switch.peer import RealClock, wait_until

CALLS, EVENT_BYTES, GOAL_PER_S = 2_000, 8_000, 12_000
STORY = (
    "CHANNEL_CREATE",
    "CHANNEL_PROGRESS",
    "BACKGROUND_JOB",
    "CHANNEL_ANSWER",
    "CHANNEL_PARK",
    "CHANNEL_EXECUTE_COMPLETE",
    "CHANNEL_BRIDGE",
    "PLAYBACK_START",
    "DTMF",
    "CHANNEL_UNBRIDGE",
    "CHANNEL_PARK",
    "CHANNEL_HANGUP_COMPLETE",
)


def event(name: str, leg_id: str, sequence: int) -> bytes:
    """165 headers, 8 KB: the size of a call's event once it is answered."""
    headers = {
        "Event-Name": name,
        "Core-UUID": "11111111-0000-0000-0000-000000000001",
        "Event-Sequence": str(sequence),
        "Unique-ID": leg_id,
        "Job-UUID": leg_id,
        "Hangup-Cause": "NORMAL_CLEARING",
        "DTMF-Digit": "1",
        "Bridge-A-Unique-ID": leg_id,
        "Bridge-B-Unique-ID": "agent-1",
        "variable_start_uepoch": "1795293207593970",
        "variable_switch_r_sdp": "v=0\r\no=u 1 1 IN IP4 127.0.0.1\r\n" * 8,
    }
    headers |= {f"variable_of_the_channel_{n}": f"sip:48600{n:06}@127.0.0.1" for n in range(153)}
    headers["variable_filling"] = "x" * (EVENT_BYTES - len(orjson.dumps(headers)) - 23)
    body = orjson.dumps(headers | ({"_body": "+OK"} if name == "BACKGROUND_JOB" else {}))
    return b"Content-Length: %d\nContent-Type: text/event-json\n\n" % len(body) + body


def stream() -> bytes:
    """Fifty calls at a time are at the same point of their story."""
    legs = [str(uuid4()) for _ in range(CALLS)]
    events = [(name, leg_id) for at in range(0, CALLS, 50) for name in STORY for leg_id in legs[at : at + 50]]
    return b"".join(event(name, leg_id, number) for number, (name, leg_id) in enumerate(events))


def switch(ready: "multiprocessing.Queue[int]", go: multiprocessing.synchronize.Event) -> None:
    """Answers what a link asks while it connects; then pours the stream at whoever subscribed."""
    poured = stream()

    def serve(sock: socket.socket) -> None:
        sock.sendall(b"Content-Type: auth/request\n\n")
        for line in sock.makefile("r"):
            if line.startswith("api"):
                text = '{"row_count":0}' if "show" in line else "core"
                sock.sendall(f"Content-Type: api/response\nContent-Length: {len(text)}\n\n{text}".encode())
            elif line.strip():
                sock.sendall(b"Content-Type: command/reply\nReply-Text: +OK accepted\n\n")
            if line.startswith("event"):
                go.wait()
                sock.sendall(poured)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        ready.put(listener.getsockname()[1])
        while True:
            threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()


def measure() -> tuple[float, float, float, int]:
    """(events per second, CPU µs per event, worst stall of the hub in ms, facts told)"""
    ready: multiprocessing.Queue[int] = multiprocessing.Queue()
    go = multiprocessing.Event()
    peer = multiprocessing.Process(target=switch, args=(ready, go), daemon=True)
    peer.start()
    told = [0]

    def on_fact(fact: Fact) -> None:
        told[0] += 1

    link = SwitchLink("bench", "127.0.0.1", ready.get(timeout=120), "x", on_fact, lambda s: None, RealClock())
    link.start()
    wait_until(lambda: link.connected)
    lag = HubLag(every_s=0.002)
    lag.start()
    go.set()
    began_s, cpu_s = time.perf_counter(), time.process_time()
    wait_until(lambda: link.counters.events.total() == CALLS * len(STORY) and not link.waiting_facts, 120)
    wall_s, used_s = time.perf_counter() - began_s, time.process_time() - cpu_s
    lag.stop()
    link.stop()
    peer.terminate()
    events = CALLS * len(STORY)
    return events / wall_s, used_s / events * 1e6, lag.worst_ms, told[0]


def main() -> int:
    best = max(measure() for _ in range(3))
    per_s, each_us, worst_ms, facts = best
    print(f"{CALLS * len(STORY)} events of {EVENT_BYTES} bytes, {facts} facts")
    tell("JSON events of 8 KB, read, parsed, dispatched", per_s, "/s", at_least=GOAL_PER_S)
    tell("CPU of an event", each_us, "µs")
    tell("worst stall of other greenlets in that flood", worst_ms, "ms")
    return 0 if per_s >= GOAL_PER_S else 1


if __name__ == "__main__":
    raise SystemExit(main())
