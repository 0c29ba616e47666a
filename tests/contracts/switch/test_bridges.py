"""Two legs meet and part. The agent's leg is the first one named, but where a bridge must be made again."""

from tests.contracts.switch.calls import PATIENT, STANDING, Calls, between_ms
from tests.contracts.switch.switches import Person
from tests.freeswitch.esl import Event


def of(event: Event, name: str, *legs: str) -> bool:
    return event["Event-Name"] == name and event.get("Unique-ID") in legs


def test_one_bridge_event_names_both_legs_the_first_one_first(calls: Calls) -> None:
    agent, (person, _) = calls.standing(), calls.parked()
    joined = calls.bridge(agent, person)
    assert joined["Other-Leg-Unique-ID"] == person
    assert (joined["Bridge-A-Unique-ID"], joined["Bridge-B-Unique-ID"]) == (agent, person)
    calls.esl.quiet(lambda e: of(e, "CHANNEL_BRIDGE", agent, person), for_s=0.4)


def test_the_person_hangs_up_and_the_agent_is_parked_again(calls: Calls) -> None:
    agent, (person, who) = calls.standing(), calls.parked()
    calls.bridge(agent, person)
    since = len(calls.esl.events)
    who.hang_up()
    gone = calls.esl.wait_event("CHANNEL_HANGUP", person)
    parked = calls.esl.wait_event("CHANNEL_PARK", agent, since=since)
    assert abs(between_ms(gone, parked)) < 300
    apart = calls.esl.wait(lambda e: e["Event-Name"] == "CHANNEL_UNBRIDGE", "CHANNEL_UNBRIDGE", since=since)
    assert (apart["Bridge-A-Unique-ID"], apart["Bridge-B-Unique-ID"]) == (agent, person)
    assert calls.esl.api(f"uuid_exists {agent}") == "true"


def test_the_agent_goes_and_the_person_is_parked(calls: Calls) -> None:
    agent, (person, _) = calls.standing(), calls.parked()
    calls.bridge(agent, person)
    since = len(calls.esl.events)
    calls.esl.api(f"uuid_kill {agent}")
    calls.esl.wait_event("CHANNEL_HANGUP", agent)
    calls.esl.wait_event("CHANNEL_PARK", person, since=since)


def test_without_park_after_bridge_the_other_leg_ends_too(calls: Calls) -> None:
    agent, _ = calls.dial(calls.switch.agents(1)[0])
    calls.esl.wait_event("CHANNEL_PARK", agent)
    person, who = calls.parked()
    calls.bridge(agent, person)
    who.hang_up()
    assert calls.ended(agent)["Hangup-Cause"] == "NORMAL_CLEARING"


def test_ten_people_one_after_another_on_one_standing_leg(calls: Calls) -> None:
    agent = calls.standing()
    for _ in range(10):
        person, who = calls.parked()
        since = len(calls.esl.events)
        calls.bridge(agent, person)
        who.hang_up()
        calls.esl.wait_event("CHANNEL_PARK", agent, since=since)
    assert "CHANNEL_HANGUP" not in calls.esl.names_of(agent)


def test_a_bridge_straight_at_the_answer_takes_the_call_out_of_its_net(calls: Calls) -> None:
    agent = calls.standing()
    person, _ = calls.answered(PATIENT, calls.net())
    calls.bridge(agent, person)
    calls.esl.quiet(lambda e: of(e, "PLAYBACK_START", person) or of(e, "CHANNEL_HANGUP", person), for_s=2.5)


def test_a_bridge_with_a_leg_that_is_gone_is_refused_and_the_agent_untouched(calls: Calls) -> None:
    agent, (person, who) = calls.standing(), calls.parked()
    who.hang_up()
    calls.esl.wait_event("CHANNEL_DESTROY", person)
    assert calls.esl.api(f"uuid_bridge {agent} {person}") == "-ERR Invalid uuid\n"
    calls.esl.quiet(lambda e: of(e, "CHANNEL_HANGUP", agent), for_s=0.3)


def test_the_person_hangs_up_in_the_instant_of_the_bridge_and_the_agent_survives(calls: Calls) -> None:
    agent = calls.standing()
    for _ in range(5):
        person, who = calls.parked()
        who.hang_up()
        calls.esl.api(f"uuid_bridge {agent} {person}")
        calls.ended(person)
    calls.esl.quiet(lambda e: of(e, "CHANNEL_HANGUP", agent), for_s=0.3)
    person, _ = calls.parked()
    calls.bridge(agent, person)


def test_a_second_bridge_steals_the_agent(calls: Calls) -> None:
    """No guard on the switch: the reservation is the engine's. Who was robbed is left alone, not hung up."""
    agent, (first, _), (second, _) = calls.standing(), calls.parked(), calls.parked()
    calls.bridge(agent, first)
    calls.esl.quiet(lambda e: of(e, "CHANNEL_HANGUP", agent, first), for_s=0.3)
    joined = calls.bridge(agent, second)
    assert joined["Other-Leg-Unique-ID"] == second
    calls.esl.quiet(lambda e: of(e, "CHANNEL_HANGUP", agent, first, second), for_s=0.3)


def overtaken(calls: Calls, agent: str) -> tuple[str, Person]:
    """A person who is sent elsewhere in the instant of the bridge: the agent's leg waits for theirs. Their
    own originate does so too, to a bridge in a hundred that is ordered at the answer."""
    person, who = calls.parked()
    since = len(calls.esl.events)
    calls.esl.api(f"uuid_bridge {agent} {person}")
    calls.esl.api(f"uuid_transfer {person} 'sleep:30000' inline")
    calls.esl.quiet(lambda e: e["Event-Name"] == "CHANNEL_BRIDGE", for_s=0.3)
    assert not [e for e in calls.esl.events[since:] if e["Event-Name"] == "CHANNEL_BRIDGE"]
    return person, who


def test_a_bridge_that_was_overtaken_is_made_by_naming_the_person_first(calls: Calls) -> None:
    agent = calls.standing()
    for _ in range(3):
        person, who = overtaken(calls, agent)
        calls.bridge(person, agent)
        calls.esl.quiet(lambda e: e["Event-Name"] == "CHANNEL_HANGUP", for_s=0.3)
        who.hang_up()
        calls.esl.wait_event("CHANNEL_PARK", agent)


def test_the_same_order_again_kills_the_person_of_a_bridge_that_was_overtaken(calls: Calls) -> None:
    agent = calls.standing()
    person, _ = overtaken(calls, agent)
    assert calls.esl.api(f"uuid_bridge {agent} {person}") == f"+OK {person}\n"
    assert calls.ended(person)["Hangup-Cause"] == "DESTINATION_OUT_OF_ORDER"
    calls.esl.wait_event("CHANNEL_PARK", agent)


def test_a_person_who_leaves_a_bridge_that_was_overtaken_frees_the_agent(calls: Calls) -> None:
    agent = calls.standing()
    _, who = overtaken(calls, agent)
    who.hang_up()
    calls.esl.wait_event("CHANNEL_PARK", agent)


def test_naming_the_person_first_does_no_harm_to_two_who_are_joined(calls: Calls) -> None:
    agent, (person, _) = calls.standing(), calls.parked()
    calls.bridge(agent, person)
    calls.esl.quiet(lambda e: of(e, "CHANNEL_HANGUP", agent, person), for_s=0.3)
    calls.bridge(person, agent)
    calls.esl.quiet(lambda e: of(e, "CHANNEL_HANGUP", agent, person), for_s=0.3)


def bond(calls: Calls, leg: str) -> str:
    return calls.esl.api(f"uuid_getvar {leg} signal_bond").strip()


def test_a_leg_names_whom_it_is_joined_to_and_whom_it_lost_but_nobody_whom_it_was_parted_from(
    calls: Calls,
) -> None:
    agent, (person, who) = calls.standing(), calls.parked()
    calls.bridge(agent, person)
    assert (bond(calls, agent), bond(calls, person)) == (person, agent)
    calls.esl.api(f"uuid_transfer {person} 'sleep:30000' inline")
    calls.esl.wait_event("CHANNEL_UNBRIDGE", agent)
    calls.esl.quiet(lambda e: of(e, "CHANNEL_HANGUP", agent, person), for_s=0.2)
    assert (bond(calls, agent), bond(calls, person)) == ("_undef_", "_undef_")
    calls.bridge(agent, person)
    who.hang_up()
    calls.ended(person)
    calls.esl.quiet(lambda e: of(e, "CHANNEL_HANGUP", agent), for_s=0.2)
    assert bond(calls, agent) == person


def test_the_person_is_put_on_hold_and_brought_back(calls: Calls) -> None:
    agent, (person, _) = calls.standing(), calls.parked()
    calls.bridge(agent, person)
    since = len(calls.esl.events)
    assert calls.esl.api(f"uuid_transfer {person} 'playback:{calls.prompt()}' inline").startswith("+OK")
    calls.esl.wait_event("CHANNEL_PARK", agent, since=since)
    calls.esl.wait_event("PLAYBACK_START", person, since=since)
    calls.bridge(agent, person)


def test_both_are_parked_by_one_transfer(calls: Calls) -> None:
    agent, (person, _) = calls.standing(), calls.parked()
    calls.bridge(agent, person)
    since = len(calls.esl.events)
    assert calls.esl.api(f"uuid_transfer {person} -both park inline").startswith("+OK")
    for leg in (agent, person):
        calls.esl.wait_event("CHANNEL_PARK", leg, since=since)


def test_an_agent_who_left_mid_talk_is_replaced_before_the_net_of_the_dialplan_speaks(calls: Calls) -> None:
    first, second = calls.standing(0), calls.standing(1)
    person, _ = calls.parked("transfer_after_bridge=abandon:XML:default")
    calls.bridge(first, person)
    calls.esl.api(f"uuid_kill {first}")
    calls.esl.wait_event("CHANNEL_HANGUP", first)
    calls.bridge(second, person)
    calls.esl.quiet(lambda e: of(e, "PLAYBACK_START", person) or of(e, "CHANNEL_HANGUP", person), for_s=2.3)


def test_transfer_after_bridge_is_used_up_by_the_first_bridge_and_may_be_set_again(calls: Calls) -> None:
    """Used up when the net begins, not at the agent's hangup: set again before that, it may be eaten too."""
    first, second = calls.standing(0), calls.standing(1)
    own = f"abandon_message={calls.prompt('abandon.wav')}"
    person, _ = calls.parked(f"transfer_after_bridge=abandon:XML:default,{own}")
    calls.bridge(first, person)
    calls.esl.api(f"uuid_kill {first}")
    calls.esl.wait(
        lambda e: of(e, "CHANNEL_EXECUTE", person) and e["Application"] == "sleep", "the net of the dialplan"
    )
    calls.bridge(second, person)
    assert calls.esl.api(f"uuid_getvar {person} transfer_after_bridge") == "_undef_"
    assert calls.esl.api(f"uuid_setvar {person} transfer_after_bridge abandon:XML:default") == "+OK\n"
    calls.esl.api(f"uuid_kill {second}")
    lost = calls.esl.wait_event("CHANNEL_HANGUP", second)
    begun = calls.esl.wait_event("PLAYBACK_START", person)
    assert 1_600 < between_ms(lost, begun) < 2_300
    assert calls.ended(person)["Hangup-Cause"] == "NORMAL_CLEARING"


def test_an_agents_leg_that_is_asked_for_with_every_variable_stands(calls: Calls) -> None:
    agent = calls.standing()
    wanted = dict(pair.split("=") for pair in STANDING.split(","))
    assert {name: calls.esl.api(f"uuid_getvar {agent} {name}") for name in wanted} == wanted
