"""What only the store in Redis can suffer: lost replies, restarts, flushed scripts, replicas, kill -9."""

import contextlib
import socket
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable

import gevent
import pytest
import redis

from engine.domain.contact import TouchPhase
from engine.domain.errors import Fenced, StoreError
from engine.ports import Lease
from engine.store.batcher import Batcher
from engine.store.client import make_pool
from engine.store.layout import root_of, shard_of
from engine.store.redis_store import RedisStore
from tests.contracts.store.servers import BINARIES, Server
from tests.contracts.store.world import again, case, cdr_of, intent_for, touch_of


def owner(store: RedisStore, name: str = "engine-1") -> Lease:
    lease = store.acquire_team("north", name, 60)
    assert lease
    return lease


def test_many_greenlets_share_a_round_trip(server: Server) -> None:
    store = RedisStore(server.url)
    lease = owner(store)
    before = store.batcher.batches

    def call(n: int) -> bool:
        return store.intend(lease, intent_for(case(f"c{n}")))

    callers = [gevent.spawn(call, n) for n in range(200)]
    gevent.joinall(callers, timeout=10, raise_error=True)

    assert all(caller.value for caller in callers)
    assert store.batcher.batches - before <= 3


def test_one_refused_caller_does_not_spoil_the_batch_of_the_others(server: Server) -> None:
    store = RedisStore(server.url)
    old = owner(store)
    store.release_team(old)
    new = owner(store, "engine-2")
    callers = [
        gevent.spawn(store.intend, old if n % 2 else new, intent_for(case(f"c{n}"))) for n in range(10)
    ]
    gevent.joinall(callers, timeout=10)
    assert [isinstance(caller.exception, Fenced) for caller in callers] == [False, True] * 5
    assert all(caller.value for caller in callers[::2])


def test_scripts_flushed_from_the_server_are_loaded_again_and_nothing_runs_twice(server: Server) -> None:
    store = RedisStore(server.url)
    lease = owner(store)
    redis.Redis.from_url(server.url).script_flush()
    callers = [gevent.spawn(store.intend, lease, intent_for(case(f"c{n}"))) for n in range(20)]
    gevent.joinall(callers, timeout=10, raise_error=True)
    assert all(caller.value for caller in callers)
    assert [store.history(f"person of c{n}").version for n in range(20)] == [1] * 20


def test_a_store_that_is_away_is_an_error_at_once_and_no_error_when_it_is_back(server: Server) -> None:
    store = RedisStore(server.url)
    store.ping()
    server.kill()

    began = time.monotonic()
    for _ in range(3):
        with pytest.raises(StoreError, match="away"):
            store.ping()
    assert time.monotonic() - began < 1.0

    server.start()
    with pytest.raises(StoreError, match="another server"):  # said once: it may lack what was stored last
        store.ping()
    assert store.ping() < 1.0


def test_what_was_acknowledged_survives_kill_9_of_the_server(server: Server) -> None:
    store = RedisStore(server.url)
    lease = owner(store)
    contacts = [case(f"c{n}") for n in range(30)]
    store.add_contacts([(contact, time.time() - 5) for contact in contacts], "import-1")
    store.claim_due(lease, "reminders", 10, 0.05)
    intents = [intent_for(contact) for contact in contacts[:5]]
    for intent in intents:
        assert store.intend(lease, intent)
    assert store.settle(lease, cdr_of(intents[0]), touch_of(intents[0]), again(time.time() + 60))
    server.written().kill()
    server.start()

    store = RedisStore(server.url)
    assert {open_.intent.attempt_id for open_ in store.open_attempts("north")} == {
        intent.attempt_id for intent in intents[1:]
    }
    time.sleep(0.06)
    claimed = {one.contact.contact_id for one in store.claim_due(lease, "reminders", 100, 60)}
    assert claimed == {contact.contact_id for contact in contacts[5:]}
    sizes = store.queue_sizes("reminders", time.time())
    assert (sizes.due, sizes.later, sizes.claimed, sizes.done) == (0, 1, 29, 0)


IMPATIENT = """
    from gevent import monkey
    monkey.patch_all()
    import sys, redis
    from engine.domain.errors import StoreError
    from engine.store.redis_store import RedisStore
    from tests.contracts.store.world import case, intent_for
    store = RedisStore(sys.argv[1])
    lease = store.acquire_team("north", "engine-1", 60)
    intent = intent_for(case("c1"))
    pauser = redis.Redis.from_url(sys.argv[1])
    pauser.execute_command("CLIENT", "PAUSE", 400, "WRITE")
    try:
        store.batcher.run(("SET", "x", "y"), deadline_s=0.05)
    except StoreError as late:
        print(late)
    assert store.intend(lease, intent) and store.intend(lease, intent)
    print(store.history(intent.person_id).version)
"""


def test_a_reply_that_does_not_come_is_an_error_and_the_next_step_goes_on(server: Server) -> None:
    command = [sys.executable, "-c", textwrap.dedent(IMPATIENT), server.url]
    said = subprocess.run(command, capture_output=True, text=True, timeout=30, check=True).stdout
    assert "did not answer within 0.05 s" in said
    assert said.endswith("\n1\n")


def test_a_connection_that_broke_while_idle_is_not_used(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.store.batcher.IDLE_S", 0.0)
    store = RedisStore(server.url)
    store.ping()
    redis.Redis.from_url(server.url).client_kill_filter(skipme=True)
    assert store.ping() < 1.0


def test_a_server_that_was_started_anew_is_told_before_anything_is_asked_of_it(server: Server) -> None:
    store = RedisStore(server.url)
    told: list[str] = []
    store.on_new_server = lambda: told.append("new")
    lease = owner(store)
    server.written().kill()
    server.start()
    with pytest.raises(StoreError):  # the connection broke, or the server is another one
        store.intend(lease, intent_for(case("c1")))
    with contextlib.suppress(StoreError):
        store.ping()
    assert told == ["new"]
    assert store.open_attempts("north") == []


def test_a_store_made_with_other_shards_is_refused(server: Server) -> None:
    RedisStore(server.url, shards=16).ping()
    with pytest.raises(StoreError, match="made with 16 shards"):
        RedisStore(server.url, shards=8).ping()


def test_an_address_in_an_error_does_not_carry_the_password() -> None:
    store = RedisStore("redis://user:secret@127.0.0.1:1/0")
    with pytest.raises(StoreError) as refused:
        store.ping()
    assert "secret" not in str(refused.value)
    assert "127.0.0.1:1" in str(refused.value)


def test_too_many_waiting_calls_are_refused_rather_than_piled_up(server: Server) -> None:
    batcher = Batcher(make_pool(server.url), server.url, lambda connection: None)
    callers = [gevent.spawn(batcher.run, ("PING",)) for _ in range(20_500)]
    gevent.joinall(callers, timeout=30)
    refused = [caller for caller in callers if isinstance(caller.exception, StoreError)]
    assert len(refused) == 500
    assert batcher.run(("PING",)) == b"PONG"


def test_an_intent_that_no_replica_confirms_is_an_error(server: Server) -> None:
    store = RedisStore(server.url, replicas=1)
    lease = owner(store)
    with pytest.raises(StoreError, match="0 of 1 replicas"):
        store.intend(lease, intent_for(case("c1")))


def test_an_intent_that_a_replica_confirms_is_stored_there(server: Server) -> None:
    replica = Server(BINARIES["valkey"])
    port = _free_port()
    try:
        redis.Redis.from_url(server.url).config_set("port", port)
        replica.start()
        follower = redis.Redis.from_url(replica.url)
        follower.replicaof("127.0.0.1", port)
        _until(lambda: follower.info("replication")["master_link_status"] == "up")
        store = RedisStore(server.url, replicas=1)
        intent = intent_for(case("c1"))
        assert store.intend(owner(store), intent)
        root = root_of(shard_of(intent.person_id, 16))
        assert follower.hexists(f"{root}:open:north", intent.attempt_id)
    finally:
        replica.remove()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _until(true: Callable[[], bool], within_s: float = 15.0) -> None:
    deadline = time.monotonic() + within_s
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.02)


ENGINE = """
    from gevent import monkey
    monkey.patch_all()
    import sys, gevent
    from engine.store.redis_store import RedisStore
    from tests.contracts.store.world import again, case, cdr_of, intent_for, touch_of
    store = RedisStore(sys.argv[1])
    lease = store.acquire_team("north", "engine-1", 0.2)
    def work(n):
        while True:
            lease_now = store.acquire_team("north", "engine-1", 0.2)
            for claimed in store.claim_due(lease_now, "reminders", 3, 0.3):
                intent = intent_for(claimed.contact, claimed.history.version)
                if store.intend(lease_now, intent):
                    gevent.sleep(0)
                    then = again(claimed.lease_until_s - 1)
                    store.settle(lease_now, cdr_of(intent), touch_of(intent), then)
            if n == 0:
                print("round", flush=True)
    gevent.joinall([gevent.spawn(work, n) for n in range(20)], raise_error=True)
"""


def test_after_kill_9_of_the_engine_every_contact_is_in_one_place_and_comes_back(server: Server) -> None:
    store = RedisStore(server.url)
    total = 60
    store.add_contacts([(case(f"c{n}"), time.time() - 5) for n in range(total)], "import-1")
    for _ in range(2):
        engine = subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(ENGINE), server.url], stdout=subprocess.PIPE, text=True
        )
        assert engine.stdout
        for _ in range(5):
            assert engine.stdout.readline() == "round\n"
        engine.kill()
        engine.wait(10)
        time.sleep(0.35)  # the team's and the claims' leases must run out: that is what is tested

    lease = owner(store, "engine-2")
    open_contacts = {open_.intent.contact_id for open_ in store.open_attempts("north")}
    for open_ in store.open_attempts("north"):
        history = store.history(open_.intent.person_id)
        assert history.open_attempt == open_.intent.attempt_id
        (reserved,) = [touch for touch in history.touches if touch.attempt_id == history.open_attempt]
        assert reserved.phase is TouchPhase.RESERVED
    claimed = {one.contact.contact_id for one in store.claim_due(lease, "reminders", 200, 60)}
    assert claimed.isdisjoint(open_contacts)
    assert len(claimed) + len(open_contacts) == total
    sizes = store.queue_sizes("reminders", time.time())
    assert (sizes.due, sizes.later, sizes.claimed, sizes.done) == (0, 0, total, 0)
