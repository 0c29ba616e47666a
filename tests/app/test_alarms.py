"""Timers that must cost nothing until they ring."""

import weakref

from gevent.event import Event

from engine import greenlets
from engine.app.alarms import Alarms


def test_alarms_ring_in_the_order_they_fall_due_and_not_before():
    alarms, rung, last = Alarms(), [], Event()
    for after_s, name in ((0.03, "second"), (0.01, "first"), (0.05, "third")):
        alarms.after(after_s, name, lambda name=name: rung.append(name))
    alarms.after(0.06, "last", last.set)
    assert rung == []
    assert last.wait(5)
    assert rung == ["first", "second", "third"]


def test_an_alarm_that_is_called_off_never_rings_and_keeps_nothing_alive():
    class Call:
        def over(self):
            rung.append(self)

    alarms, rung, last, call = Alarms(), [], Event(), Call()
    off, gone = alarms.after(0.01, "x", call.over), weakref.ref(call)
    alarms.after(0.03, "last", last.set)
    off()
    off()
    del call
    assert gone() is None
    assert last.wait(5)
    assert rung == []
    assert len(alarms) == 0


def test_an_alarm_that_fails_is_counted_and_those_of_its_moment_ring_all_the_same():
    def fail():
        raise RuntimeError("broken alarm")

    alarms, last = Alarms(clock=lambda: 1.0), Event()
    before = greenlets.deaths.get("test alarm", 0)
    alarms.after(0.0, "test alarm", fail)
    alarms.after(0.0, "last", last.set)
    assert last.wait(5)
    assert greenlets.deaths["test alarm"] == before + 1


def test_an_alarm_set_by_an_alarm_rings_too():
    alarms, last = Alarms(), Event()
    alarms.after(0.0, "first", lambda: alarms.after(0.0, "second", last.set))
    assert last.wait(5)
