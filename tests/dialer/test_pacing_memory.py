"""What a policy has learned survives the engine; who was promised an agent is told to it."""

from dataclasses import replace

from engine.domain import facts as f
from engine.domain.agent import PauseWanted
from engine.pacing import POLICIES
from engine.pacing.news import News
from engine.pacing.snapshot import Decision, Memoryless, Snapshot
from tests.dialer.world import World


class Counting(Memoryless):
    """Learns how much news it was told."""

    def __init__(self) -> None:
        self.seen = 0.0

    def observe(self, news: News) -> None:
        self.seen += 1

    def decide(self, now_s: float, snapshot: Snapshot) -> Decision:
        return Decision(min(1, snapshot.ready_agents), reason="one at a time")

    def save(self) -> dict[str, float]:
        return {"seen": self.seen}

    def load(self, learned: dict[str, float]) -> None:
        self.seen = learned["seen"]


def test_what_a_policy_has_learned_is_there_in_the_next_life(monkeypatch):
    monkeypatch.setitem(POLICIES, "progressive", Counting)
    world = World()
    world.log_in()
    world.run()
    world.fact(f.LegRinging, world.dialed[0])
    world.dialer.pacer.save()
    learned = world.dialer.pacer._policy(world.campaign).save()
    assert learned["seen"] >= 1
    world.dialer.pacer._policies.clear()
    assert world.dialer.pacer._policy(world.campaign).save() == learned


def test_a_person_who_was_promised_an_agent_counts_as_demand_while_none_is_free():
    world = World()
    world.log_in()
    world.run()
    (call,) = world.dialed
    world.dialer.desk.say("a1", PauseWanted)
    world.fact(f.LegAnswered, call)
    world.time.pass_s(2)
    world.fact(f.LegEnded, call, ended_by="us")
    found = world.store.find_contact("k1")
    assert found is not None
    claimed = replace(found, progress=replace(found.progress, guaranteed=True), lease_until_s=1e12)
    world.dialer.launcher.claims.hold(world.campaign, [claimed])
    world.dialer.launcher.launch(world.campaign, 1)
    assert len(world.dialed) == 1  # the agent rests, so nobody is held: no call
    assert world.dialer.pacer.snapshot(world.campaign, world.time.now).demand.callbacks_due == 1
    world.time.pass_s(11)
    assert world.dialer.pacer.snapshot(world.campaign, world.time.now).demand.callbacks_due == 0
