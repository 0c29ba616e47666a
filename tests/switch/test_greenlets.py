import gevent
import pytest
from gevent.event import AsyncResult, Event

from engine import greenlets
from engine.greenlets import HubLag, Pool, Turns, run_soon, start, start_later, supervise
from engine.switch.mailboxes import Mailboxes
from tests.switch.peer import wait_until


def test_work_that_fails_is_logged_and_counted(caplog):
    def fail():
        raise RuntimeError("no luck")

    before = greenlets.deaths.get("test job", 0)
    start("test job", fail).join(timeout=1)
    assert greenlets.deaths["test job"] == before + 1
    assert "no luck" in caplog.text


def test_delayed_work_can_be_called_off():
    done = []
    start_later(0.0, "x", done.append, 1).join(timeout=1)
    off = start_later(60.0, "x", done.append, 2)
    off.kill()
    assert done == [1]


@pytest.mark.parametrize("fails", [True, False])
def test_a_loop_that_ends_is_reported_whichever_way_it_ends(fails, caplog):
    reported = Event()

    def loop():
        if fails:
            raise RuntimeError("broken loop")

    supervise("a loop", loop, lambda name: reported.set())
    assert reported.wait(1)
    assert "greenlet died" in caplog.text


def test_a_loop_ended_on_purpose_is_not_reported():
    reported = []
    loop = supervise("a loop", lambda: gevent.sleep(60), reported.append)
    gevent.sleep(0)
    greenlets.kill(loop, None)
    gevent.sleep(0)
    assert reported == []


def test_a_full_pool_says_no_and_has_room_again():
    pool, go = Pool("p", 2), Event()
    assert [pool.start(go.wait, 5) for _ in range(3)] == [True, True, False]
    assert (pool.busy, pool.refused) == (2, 1)
    go.set()
    assert pool.join(1)
    assert pool.start(go.wait, 1)


def test_items_of_one_key_stay_in_order_and_a_slow_key_holds_up_nobody():
    seen, slow = [], Event()

    def handle(item):
        if item == ("a", 0):
            slow.wait(5)
        seen.append(item)

    boxes = Mailboxes("test", handle)
    for number in range(3):
        for key in "ab":
            boxes.post(key, (key, number))
    with gevent.Timeout(1, False):
        while len(seen) < 3:
            gevent.sleep(0)
    assert seen == [("b", 0), ("b", 1), ("b", 2)]
    slow.set()
    assert boxes.join(1)
    assert seen[3:] == [("a", 0), ("a", 1), ("a", 2)]
    assert (boxes.waiting, boxes.handled) == (0, 6)


@pytest.mark.parametrize("error", [RuntimeError("bad item"), gevent.Timeout(1, "bad item")])
def test_a_handler_that_fails_does_not_end_its_mailbox(caplog, error):
    seen = []

    def handle(item):
        if item == 1:
            raise error
        seen.append(item)

    boxes = Mailboxes("test", handle)
    for item in (1, 2):
        boxes.post("k", item)
    assert boxes.join(1)
    assert (seen, boxes.failed, boxes.handled) == ([2], 1, 2)
    assert "bad item" in caplog.text


def test_any_number_of_handlers_may_block_and_short_ones_share_a_greenlet():
    go, seen, ran_by = Event(), [], set()

    def handle(item):
        if item % 10 == 0:
            go.wait(5)
        else:
            ran_by.add(gevent.getcurrent())
        seen.append(item)

    boxes = Mailboxes("test", handle)
    for key in range(500):
        boxes.post(key, key)
    with gevent.Timeout(2, False):
        while len(seen) < 450:
            gevent.sleep(0)
    assert len(seen) == 450
    go.set()
    assert boxes.join(1)
    assert sorted(seen) == list(range(500))
    assert len(ran_by) <= 51


def test_in_a_flood_only_what_may_go_is_dropped():
    seen = []
    boxes = Mailboxes("test", seen.append, limit_per_key=3, may_drop=lambda item: item == "ring")
    for item in ["ring"] * 5 + ["answer", "ring", "end"]:
        boxes.post("leg", item)
    assert boxes.join(1)
    assert seen == ["ring", "ring", "ring", "answer", "end"]
    assert boxes.dropped == 3


def test_the_limit_of_all_keys_together_asks_the_poster_to_wait():
    go, seen = Event(), []
    boxes = Mailboxes("test", lambda item: (go.wait(5), seen.append(item)), limit=2, may_drop=lambda i: i < 0)
    assert [boxes.post(key, key) for key in (1, 2)] == [True, True]
    assert boxes.full
    assert not boxes.post(3, -1)
    assert boxes.post(4, 4)
    assert not boxes.wait_for_room(0.01)
    go.set()
    assert boxes.wait_for_room(1)
    assert boxes.join(1)
    assert sorted(seen) == [1, 2, 4]


def test_an_item_posted_by_a_handler_to_its_own_key_is_handled_after_it():
    seen = []

    def handle(item):
        seen.append(item)
        if item < 3:
            boxes.post("k", item + 1)

    boxes = Mailboxes("test", handle)
    boxes.post("k", 1)
    assert boxes.join(1)
    assert seen == [1, 2, 3]


def test_turns_let_others_run_every_few_items():
    turns, ran = Turns(items=4, ms=10_000), []
    start("other", ran.append, 1)
    for _ in range(3):
        turns()
    assert ran == []
    turns()
    assert ran == [1]


def test_turns_let_others_run_after_some_time():
    now, ran = [0.0], []
    turns = Turns(items=1000, ms=5.0, clock=lambda: now[0])
    start("other", ran.append, 1)
    turns()
    assert ran == []
    now[0] = 0.006
    turns()
    assert ran == [1]


def test_hub_lag_sees_a_greenlet_that_does_not_yield():
    now = [0.0]
    lag = HubLag(every_s=0.001, clock=lambda: now[0])
    lag.start()
    gevent.sleep(0)
    now[0] = 0.301  # whoever ran meanwhile took 300 ms
    with gevent.Timeout(1, False):
        while not lag.worst_ms:
            gevent.sleep(0.001)
    lag.stop()
    assert lag.worst_ms == pytest.approx(300.0)
    lag.reset()
    assert lag.worst_ms == 0.0


def test_short_work_runs_in_order_and_shares_a_greenlet():
    ran, last = [], Event()
    for number in range(100):
        run_soon("test job", lambda n=number: ran.append((n, gevent.getcurrent())))
    run_soon("last", last.set)
    assert ran == []
    assert last.wait(5)
    assert [number for number, _ in ran] == list(range(100))
    assert len({greenlet for _, greenlet in ran}) < 10


def test_short_work_that_waits_after_all_holds_nobody_up():
    release, held, done = Event(), [], Event()
    for _ in range(200):  # more than are kept
        run_soon("test job", lambda: held.append(release.wait(5)))
    run_soon("quick", done.set)
    assert done.wait(5)
    assert held == []
    release.set()
    gevent.sleep(0)
    wait_until(lambda: len(held) == 200)


def test_short_work_that_fails_is_counted_and_the_next_goes_on():
    done, before = Event(), greenlets.deaths.get("test soon", 0)
    run_soon("test soon", lambda: 1 / 0)
    run_soon("next", done.set)
    assert done.wait(5)
    assert greenlets.deaths["test soon"] == before + 1


def test_a_flood_of_short_work_leaves_the_hub_its_turns():
    """Counted in turns, not in milliseconds: a busy machine makes both the work and the turns longer."""
    done, turns = Event(), 0

    def others() -> None:
        nonlocal turns
        while not done.is_set():
            gevent.sleep(0.001)
            turns += 1

    beside = greenlets.start("others", others)
    for _ in range(200):
        run_soon("test job", lambda: sum(range(50_000)))
    run_soon("last", done.set)
    assert done.wait(30)
    beside.join(5)
    assert turns > 10


def test_many_waits_share_one_timer_and_only_the_late_ones_fail():
    deadline, times = greenlets.Deadline(0.02), []
    in_time, late = AsyncResult(), AsyncResult()

    def wait(result):
        try:
            times.append(deadline.get(result))
        except TimeoutError:
            times.append("late")

    waits = [gevent.spawn(wait, in_time), gevent.spawn(wait, late)]
    gevent.sleep(0)
    in_time.set("in time")
    gevent.joinall(waits, timeout=2, raise_error=True)
    assert times == ["in time", "late"]
    later = gevent.spawn(wait, AsyncResult())  # the timer is armed again
    later.join(timeout=2)
    assert times[2:] == ["late"]
