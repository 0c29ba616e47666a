"""Mode predictive in the dialer: what it is told, what it tells, and that its terms change at once."""

from collections import Counter
from dataclasses import replace
from types import SimpleNamespace

from engine.app.meters import Meters
from engine.dialer.shop import GatewayTerms
from engine.domain import facts as f
from engine.domain.agent import PauseWanted
from engine.domain.campaign import CampaignState, Mode, Predicting
from engine.pacing.predictive import Predictive
from tests.dialer.world import World, person
from tests.pacing.moments import NOW
from tests.pacing.test_predictive import moment, schooled


def policy_of(world: World) -> Predictive:
    policy = world.dialer.pacer._policy(world.campaign)
    assert isinstance(policy, Predictive)
    return policy


def predictive(agents: int = 2, people: int = 30, **terms) -> World:
    world = World(people=people, agents=agents, mode=Mode.PREDICTIVE, **terms)
    for number in range(1, agents + 1):
        world.log_in(f"a{number}")
    world.run()
    return world


def test_a_new_campaign_begins_with_one_call_for_each_ready_agent():
    world = predictive(agents=2)
    assert len(world.dialed) == 2
    assert "nothing is known yet" in world.dialer.pacer.decisions["c1"].reason


def test_answers_ends_talks_and_abandoned_calls_come_to_the_policys_knowledge():
    world = predictive(agents=2)
    first, second = world.dialed[:2]
    world.fact(f.LegRinging, first)
    world.fact(f.LegAnswered, first)
    leg = world.switch.said("bridge")[-1][1]
    world.fact(f.LegBridged, first, peer_id=leg)
    world.time.pass_s(30.0)
    world.fact(f.LegEnded, first)
    world.fact(f.LegEnded, second, cause="USER_BUSY")
    policy = policy_of(world)
    assert (policy.ledger.live, policy.ledger.abandoned) == (1.0, 0.0)
    assert policy.handling.talk.seen == 1.0
    assert 29.0 < policy.handling.talk.seconds.sum() < 31.0
    world.time.pass_s(11.0)
    assert policy.handling.wrap.seen == 1.0
    world.time.pass_s(60.0)
    assert round(policy.answers.known) == 2


def test_a_person_whom_nobody_joins_in_time_is_entered_as_abandoned():
    world = predictive(agents=1)
    (call,) = world.dialed
    world.dialer.desk.say("a1", PauseWanted)
    world.fact(f.LegAnswered, call)
    world.time.pass_s(3.0)
    ledger = policy_of(world).ledger
    assert (ledger.live, ledger.abandoned) == (1.0, 1.0)
    assert world.switch.said("notice")
    world.fact(f.LegEnded, call, ended_by="us")
    assert (ledger.live, ledger.abandoned) == (1.0, 1.0)  # told once


def test_a_person_who_hangs_up_while_waiting_counts_as_abandoned():
    world = predictive(agents=1)
    (call,) = world.dialed
    world.dialer.desk.say("a1", PauseWanted)
    world.fact(f.LegAnswered, call)
    world.time.pass_s(1.0)
    world.fact(f.LegEnded, call, ended_by="them")
    assert policy_of(world).ledger.abandoned == 1.0


def test_new_terms_hold_for_the_next_decision():
    world = predictive(agents=1)
    wish = Predicting(cap=0.01, reserve=1, largest_ratio=2.0, cancel_after_s=20.0)
    world.dialer.change(replace(world.campaign, predicting=wish))
    world.time.pass_s(1.5)
    assert policy_of(world)._terms.cap == 0.01
    assert policy_of(world)._terms.reserve == 1
    assert policy_of(world)._terms.least_ring_s == 20.0


def test_a_lagging_switch_brings_it_back_to_one_call_for_each_ready_agent():
    world = predictive(agents=1)
    world.switch.lag = 0.7
    world.time.pass_s(1.5)
    assert "the switch lags 700 ms" in world.dialer.pacer.decisions["c1"].reason


def test_each_decision_tells_its_numbers_to_the_stream_and_the_metrics():
    world = predictive(agents=2)
    told = [event for event in world.told if event["kind"] == "pacing"]
    assert told[0]["numbers"]["agents_ready"] == 2
    assert 0.0 < told[0]["numbers"]["answer_probability"] < 1.0

    engine = SimpleNamespace(
        dialer=world.dialer,
        shop=world.shop,
        switches=SimpleNamespace(links={}, ports={}),
        lag=SimpleNamespace(worst_ms=0.0, reset=lambda: None),
    )
    assert b'prozvon_pacing{campaign="c1",what="theta"}' in Meters(engine).text()


def test_what_was_weighed_without_a_launch_is_told_at_most_once_a_second():
    world = predictive(agents=2)
    world.told.clear()
    for _ in range(40):
        world.dialer.pacer.poke("team")
        world.time.pass_s(0.05)
    assert len([event for event in world.told if event["kind"] == "pacing"]) <= 3


def test_a_ringing_call_it_gives_up_is_cancelled_and_entered_as_such(monkeypatch):
    world = predictive(agents=1)
    (call,) = world.dialed
    world.fact(f.LegRinging, call)
    world.time.pass_s(16.0)
    policy = policy_of(world)
    decide = policy.decide
    monkeypatch.setattr(policy, "decide", lambda now, seen: replace(decide(now, seen), cancel=(call,)))
    world.dialer.pacer.tick("team")
    assert ("hang_up", call, "ORIGINATOR_CANCEL") in world.switch.orders
    world.fact(f.LegEnded, call, cause="ORIGINATOR_CANCEL")
    assert policy.giving_up.cancels == 1.0


def test_campaigns_of_one_team_dial_for_its_agents_by_priority_and_never_twice_for_one():
    """Six ready agents, two predictive campaigns that know their people: the second sees the first."""
    wide = {"gateway": GatewayTerms("gw", "sw1", 500, 500.0), "max_calls": 500, "calls_per_s": 500.0}
    world = World(people=40, agents=6, mode=Mode.PREDICTIVE, priority=1, **wide)
    urgent = replace(world.campaign, campaign_id="c2", priority=9)
    world.shop.campaigns["c2"] = urgent
    people = [replace(person(n), campaign_id="c2") for n in range(101, 141)]
    world.store.add_contacts([(one, 0.0) for one in people], "test")
    for number in range(1, 7):
        world.log_in(f"a{number}")
    world.time.pass_s(NOW)
    pacer = world.dialer.pacer
    for name in ("c1", "c2"):
        pacer._policies[name] = Mode.PREDICTIVE, schooled()
        world.dialer.set_state(name, CampaignState.RUNNING, {})
    world.time.pass_s(0.05)
    by_campaign = Counter(life.campaign.campaign_id for life in world.dialer.calls.lives.values())
    alone = pacer._policies["c1"][1].decide(NOW + 0.1, moment(ready=6, talking=())).launch
    assert alone > 6, "more than one call for each ready agent"
    assert by_campaign["c2"] >= alone - 1, "the urgent one dials as if it were alone"
    assert by_campaign["c1"] <= 1, "and leaves the other nothing to dial for"
    ledgers = [pacer._policies[name][1].ledger for name in ("c1", "c2")]
    before = [ledger.live for ledger in ledgers]
    call = next(a for a, life in world.dialer.calls.lives.items() if life.campaign is urgent)
    world.fact(f.LegAnswered, call)
    world.fact(f.LegBridged, call, peer_id=world.switch.said("bridge")[-1][1])
    assert [ledger.live - was for ledger, was in zip(ledgers, before, strict=True)] == [0.0, 1.0]
