"""The store's primary dies in the middle of a campaign: a replica takes its place, which may lack the last
moments. Nobody is called twice, nobody is lost, every call is told once."""

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cluster.conftest import StartEngines, owns
from tests.cluster.stages import Cluster, Process, Sentinels
from tests.stories.audit import hold_against_plan
from tests.stories.configs import campaign, config
from tests.stories.conftest import StartSwitch
from tests.stories.engine_process import EngineProcess, wait_for
from tests.stories.plan import MIX, numbers

PEOPLE = numbers({name: 3 * many for name, many in MIX.items()}, seed=11)


@pytest.fixture
def sentinels() -> Iterator[Sentinels]:
    stage = Sentinels()
    yield stage
    stage.remove()


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    stage = Cluster()
    yield stage
    stage.remove()


def on(url: str, speech: Path, port: int, **store: Any) -> dict[str, Any]:
    own = {"store": {"url": url, "data_dir": "data", "shards": 16, "claim_lease_s": 5, **store}}
    return config(speech, campaign("c1", calls_per_s=8), agents=6, switch_port=port, **own)


def at_work(engine: EngineProcess) -> None:
    engine.agents_work()
    engine.run("c1", PEOPLE)
    wait_for("some ends", lambda: len(engine.cdrs()) >= 8)


def cut_off(sentinels: Sentinels) -> None:
    """The replicas hang, and nothing is on its way to them any more."""
    for replica in sentinels.replicas:
        os.kill(replica.process.pid, signal.SIGSTOP)
    sentinels.primary.client.execute_command("CLIENT", "KILL", "TYPE", "replica")


def said(engine: EngineProcess, message: str) -> int:
    return sum(message in line for line in engine.log_lines())


def over(engine: EngineProcess) -> bool:
    """Nobody is on the line, due, or to be tried again because the store was away."""
    try:
        status = engine.campaign("c1")
    except AssertionError:  # the store has no primary just now, and the answer says so
        return False
    queue = status["queue"]
    return not status["calls"] and not any(queue.get(name, 1) for name in ("due", "claimed", "later"))


def test_a_primary_behind_sentinels_dies_and_everybody_is_called_once(
    sentinels: Sentinels, engines: StartEngines, switch: StartSwitch, speech: Path
) -> None:
    it = switch()
    (one,) = engines(on(sentinels.url, speech, it.port, confirm_replicas=1))
    at_work(one)
    first = sentinels.primary_port()
    sentinels.primary.kill()
    died_s = time.monotonic()
    wait_for("another primary", lambda: sentinels.primary_port() != first, 30)
    wait_for("the team again", lambda: owns(one), 30, 0.02)
    sentinels.primary.start()  # it comes back as a replica
    print(f"Sentinel: fit to dial {time.monotonic() - died_s:.2f} s after kill -9 of the primary")
    wait_for("the end of the list", lambda: over(one), 90, 0.2)
    hold_against_plan(one, it, PEOPLE, crashed=True)
    wait_for("agents ready again", one.all_ready)


def test_intents_that_a_failover_lost_are_told_again_before_anything_is_dialed(
    sentinels: Sentinels, engines: StartEngines, switch: StartSwitch, speech: Path
) -> None:
    """The replicas hang while calls are made, so that what they promote knows nothing of these."""
    it = switch()
    (one,) = engines(on(sentinels.url, speech, it.port))
    at_work(one)
    first = sentinels.primary_port()
    cut_off(sentinels)
    dialed = len(it.invites)
    wait_for("calls that no replica knows", lambda: len(it.invites) >= dialed + 4, 10, 0.02)
    sentinels.primary.kill()
    for replica in sentinels.replicas:
        os.kill(replica.process.pid, signal.SIGCONT)
    wait_for("another primary", lambda: sentinels.primary_port() != first, 30)
    wait_for("the team again", lambda: owns(one), 30)
    wait_for("the end of the list", lambda: over(one), 90, 0.2)
    lost = said(one, "the store had lost an intent")
    print(f"Sentinel: {lost} intents lost in the failover and told again from the local log, "
          f"{said(one, 'the store had lost a settlement')} settlements")  # fmt: skip
    assert lost > 0
    hold_against_plan(one, it, PEOPLE, crashed=True)


def test_an_engine_and_the_primary_die_together(
    sentinels: Sentinels, engines: StartEngines, switch: StartSwitch, speech: Path
) -> None:
    it = switch()
    (one,) = engines(on(sentinels.url, speech, it.port))
    at_work(one)
    first = sentinels.primary_port()
    cut_off(sentinels)
    dialed = len(it.invites)
    wait_for("calls that no replica knows", lambda: len(it.invites) >= dialed + 4, 10, 0.02)
    sentinels.primary.kill()
    one.kill()
    for replica in sentinels.replicas:
        os.kill(replica.process.pid, signal.SIGCONT)
    wait_for("another primary", lambda: sentinels.primary_port() != first, 30)
    one.start()
    wait_for("the team again", lambda: owns(one), 30)
    wait_for("the end of the list", lambda: over(one), 90, 0.2)
    print(f"Sentinel: {said(one, 'the store had lost an intent')} intents told again by the next engine")
    hold_against_plan(one, it, PEOPLE, crashed=True)


def test_a_primary_of_a_cluster_dies_and_everybody_is_called_once(
    cluster: Cluster, engines: StartEngines, switch: StartSwitch, speech: Path
) -> None:
    it = switch()
    (one,) = engines(on(cluster.url, speech, it.port, confirm_replicas=1))
    at_work(one)
    victim: Process = cluster.primaries[1]
    victim.kill()
    died_s = time.monotonic()
    wait_for("the replica in its place", lambda: role(cluster.replicas[1]) == b"master", 30)
    took_s = time.monotonic() - died_s
    victim.start()  # it comes back as a replica: without one no intent of its slots is confirmed
    time.sleep(0.5)
    wait_for("the team again", lambda: owns(one), 30, 0.02)
    ready_s = time.monotonic() - died_s
    print(f"Cluster: a replica after {took_s:.2f} s, fit to dial {ready_s:.2f} s after kill -9")
    wait_for("the end of the list", lambda: over(one), 90, 0.2)
    hold_against_plan(one, it, PEOPLE, crashed=True)
    wait_for("agents ready again", one.all_ready)


def role(node: Process) -> bytes:
    return bytes(node.client.execute_command("ROLE")[0])
