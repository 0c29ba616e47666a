"""What every contact store promises, behind Sentinels and on a Cluster."""

import time
from collections.abc import Iterator

import pytest
import redis

from engine.journal.archive import Archiver
from engine.journal.read import JournalReader
from engine.journal.verify import verify
from engine.store.client import make_client
from engine.store.redis_store import RedisStore
from tests.cluster.stages import Cluster, Sentinels, Stage
from tests.contracts.store.conftest import wait_until
from tests.contracts.store.test_attempts import *  # noqa: F403
from tests.contracts.store.test_ownership import *  # noqa: F403
from tests.contracts.store.test_queue import *  # noqa: F403
from tests.contracts.store.world import World, again, case, cdr_of, intent_for, touch_of

SHARDS = 4


@pytest.fixture(scope="module", params=[Sentinels, Cluster])
def stage(request: pytest.FixtureRequest) -> Iterator[Stage]:
    stage: Stage = request.param()
    yield stage
    stage.remove()


@pytest.fixture
def world(stage: Stage) -> Iterator[World]:
    for one in stage.processes:
        try:
            if one.client.execute_command("ROLE")[0] == b"master":
                one.client.flushall()
        except redis.ResponseError:  # a Sentinel
            continue
    store = RedisStore(stage.url, shards=SHARDS, replicas=1)  # type: ignore[attr-defined]
    yield World(store, time.time, wait_until)
    store.close()


def test_the_journal_is_archived_whole_and_read_in_order(world: World, stage: Stage, tmp_path) -> None:
    lease = world.owner()
    for n in range(40):
        contact = case(f"c{n}")
        world.add(contact)
        intent = intent_for(contact)
        assert world.store.intend(lease, intent)
        assert world.store.settle(lease, cdr_of(intent), touch_of(intent), again(None))
    time.sleep(0.01)
    client = make_client(stage.url)  # type: ignore[attr-defined]
    reader = JournalReader(client, tmp_path, SHARDS)
    before = list(reader.read())
    archiver = Archiver(client, tmp_path, SHARDS)
    assert archiver.round() == 80
    assert archiver.round() == 0
    archiver.close()
    assert verify(tmp_path).records == 80
    assert list(reader.read()) == before
    assert [record["kind"] for record in before].count("cdr") == 40
    assert sum(client.xlen(f"{{s{shard:02d}}}:journal") for shard in range(SHARDS)) == 0
