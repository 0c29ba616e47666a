import gevent
import pytest

from engine.domain.errors import SwitchError, SwitchGone
from engine.domain.facts import DigitPressed, LegAnswered, LegCreated, LegEnded, OriginateRefused
from engine.switch import link as link_module
from engine.switch import orders
from engine.switch.intake import LAG_WINDOW_S, Intake, LinkCounters
from engine.switch.link import LinkState, SwitchLink
from engine.switch.vocabulary import SUBSCRIBED
from tests.switch.peer import Peer, RealClock, api_response, event, job, reply, wait_until
from tests.switch.recordings import json_frames, wire_form

LEG = "1cbd0bb6-7b6e-4c99-b5b3-95d40b8c672d"


@pytest.fixture
def peer():
    it = Peer()
    yield it
    it.stop()


@pytest.fixture
def quick(monkeypatch):
    """Waits short enough for a test."""
    monkeypatch.setattr(link_module, "BACKOFF_S", (0.01, 0.05))
    monkeypatch.setattr(link_module, "LOOK_S", 0.01)
    monkeypatch.setattr(link_module, "REFUSAL_GRACE_S", 0.05)


@pytest.fixture
def open_link(peer, quick):
    links = []

    def open_it(on_fact=None, password="ClueCon", up=True, **options):
        facts, states = [], []
        it = SwitchLink(
            "s1",
            "127.0.0.1",
            peer.port,
            password,
            on_fact or facts.append,
            states.append,
            RealClock(),
            jitter=lambda: 0.5,
            **options,
        )
        it.told, it.states = facts, states
        links.append(it)
        it.start()
        if up:
            wait_until(lambda: it.states and peer.subscribed.is_set())
        return it

    yield open_it
    for it in links:
        it.stop()


def test_it_connects_twice_subscribes_to_what_it_needs_and_says_up(peer, open_link):
    link = open_link()
    assert link.states == [LinkState.UP]
    assert link.connected
    assert link.core_uuid == peer.core
    assert peer.accepted == 2
    assert [c for c in peer.commands if c.startswith("event")] == [f"event json {' '.join(SUBSCRIBED)}"]


def test_nothing_is_asked_of_a_switch_that_has_not_taken_the_password_yet(peer, open_link):
    accepted = iter([None, b""])
    peer.answers = lambda line: next(accepted, None) if line.startswith("auth") else None
    link = open_link(up=False)
    wait_until(lambda: [line.split()[0] for line in peer.commands].count("auth") == 2)
    for ask in (
        link.live_ids,
        lambda: link.originate(LEG, "{}user/1001 &park()"),
        lambda: link.send_api("x"),
    ):
        with pytest.raises(SwitchGone):
            ask()
    peer.sockets[1].sendall(reply("+OK accepted"))
    wait_until(lambda: link.connected)
    assert not [line for line in peer.commands if line.startswith("bgapi")]


def test_no_call_is_made_whose_events_would_be_missed(peer, open_link):
    silent = iter([b""])
    peer.answers = lambda line: next(silent, None) if line.startswith("event json") else None
    link = open_link(up=False)
    wait_until(lambda: any(line.startswith("event json") for line in peer.commands))
    with pytest.raises(SwitchGone, match="events would be missed"):
        link.originate(LEG, "{}user/1001 &park()")
    peer.sockets[0].sendall(reply("+OK event listener enabled json"))
    wait_until(lambda: link.connected)
    link.originate(LEG, "{}user/1001 &park()")


@pytest.mark.parametrize("case", ["answered", "busy_486", "early_480_q850", "cancelled_by_us"])
def test_a_recorded_call_becomes_facts_in_order(peer, open_link, case):
    link = open_link()
    for frame in json_frames(case):
        peer.tell(wire_form(frame))
    wait_until(lambda: any(isinstance(fact, LegEnded) for fact in link.told))
    assert isinstance(link.told[0], LegCreated)
    assert isinstance(link.told[-1], LegEnded)
    assert link.counters.unreadable == 0


def test_a_slow_owner_of_one_call_holds_up_no_other_call(peer, open_link):
    release, seen = gevent.event.Event(), []

    def on_fact(fact):
        if fact.leg_id == "slow":
            release.wait(5)
        seen.append(fact)

    link = open_link(on_fact)
    for leg in ("slow", "quick"):
        peer.tell(event("CHANNEL_CREATE", Unique_ID=leg) + event("CHANNEL_ANSWER", Unique_ID=leg))
    wait_until(lambda: len(seen) == 2)
    assert [type(fact) for fact in seen] == [LegCreated, LegAnswered]
    assert {fact.leg_id for fact in seen} == {"quick"}
    release.set()
    wait_until(lambda: len(seen) == 4)
    assert [type(fact) for fact in seen[2:]] == [LegCreated, LegAnswered]
    assert link.waiting_facts == 0


def test_an_event_delivered_twice_is_told_once(peer, open_link):
    link = open_link()
    twice = event("DTMF", Unique_ID=LEG, DTMF_Digit="1", Event_Sequence="77")
    peer.tell(twice + twice + event("DTMF", Unique_ID=LEG, DTMF_Digit="2", Event_Sequence="79"))
    wait_until(lambda: len(link.told) == 2)
    assert [fact.digit for fact in link.told] == ["1", "2"]
    assert link.counters.duplicates == 1


def test_a_broken_event_costs_itself_and_nothing_else(peer, open_link):
    link = open_link()
    bad = (b"[1]", b"{", b'{"Event-Name":["x"]}', b'{"Event-Name":"CHANNEL_CREATE"}', b"\xff\xfe")
    for body in bad:
        peer.tell(b"Content-Length: %d\nContent-Type: text/event-json\n\n" % len(body) + body)
    peer.tell(event("DTMF", Unique_ID=LEG, DTMF_Digit="1"))
    wait_until(lambda: link.told)
    assert link.told[0].digit == "1"
    assert link.counters.unreadable == len(bad)
    assert link.connected


def test_lost_and_found_again_it_says_down_and_up_and_subscribes_anew(peer, open_link):
    link = open_link()
    peer.cut()
    wait_until(lambda: link.states == [LinkState.UP, LinkState.DOWN, LinkState.UP])
    assert link.counters.reconnects == 1
    assert [c.split()[0] for c in peer.commands].count("event") == 2
    peer.tell(event("DTMF", Unique_ID=LEG, DTMF_Digit="1"))
    wait_until(lambda: link.told)
    assert link.api("status") == "+OK"


def test_another_core_uuid_after_a_loss_means_the_switch_restarted(peer, open_link):
    link = open_link()
    peer.core = "22222222-0000-0000-0000-000000000002"
    peer.cut()
    wait_until(lambda: link.states == [LinkState.UP, LinkState.DOWN, LinkState.RESTARTED])
    assert link.core_uuid == peer.core
    assert link.counters.restarts == 1


def test_when_only_one_of_the_two_connections_is_lost_both_are_made_anew(peer, open_link):
    link = open_link()
    peer.sockets[1].shutdown(2)
    wait_until(lambda: link.states == [LinkState.UP, LinkState.DOWN, LinkState.UP])
    assert peer.accepted == 4


def test_a_wrong_password_is_said_once_and_tried_again_with_growing_pauses(
    peer, open_link, caplog, monkeypatch
):
    monkeypatch.setattr(link_module, "BACKOFF_S", (0.02, 0.5))
    link = open_link(password="wrong", up=False)
    wait_until(lambda: link.counters.failures >= 4)
    assert [r.message for r in caplog.records].count("switch unreachable") == 1
    assert "refuses the password" in link.last_error
    assert link.states == []
    with pytest.raises(SwitchGone, match="refuses the password"):
        link.api("status")
    # Four tries with pauses of 0.75 * (40 + 80 + 160 ms) between them: more would be a hot loop.
    assert peer.accepted <= link.counters.failures + 1


def test_a_switch_that_comes_later_is_found(quick, open_link, peer):
    port = peer.port
    peer.stop()
    link = open_link(up=False)
    wait_until(lambda: link.counters.failures)
    assert "cannot reach the switch" in link.last_error
    later = Peer(port=port)
    wait_until(lambda: link.states == [LinkState.UP])
    link.stop()
    later.stop()


def test_a_refusal_is_an_error_with_the_switchs_words(peer, open_link):
    peer.answers = lambda text: api_response("-ERR No such channel!\n") if "uuid_kill" in text else None
    link = open_link()
    with pytest.raises(SwitchError, match="No such channel") as refused:
        link.api(orders.hang_up(LEG))
    assert not isinstance(refused.value, SwitchGone)
    said = []
    link.send_api(orders.hang_up(LEG), said.append)
    wait_until(lambda: said)
    assert said == ["-ERR No such channel!"]


def test_an_order_that_is_not_waited_for_hears_of_a_loss(peer, open_link):
    link = open_link()
    peer.answers = lambda text: b"" if LEG in text else None
    said = []
    link.send_api(orders.hang_up(LEG), said.append)
    link.sendmsg(orders.play(LEG, "/p/x.wav", step_id="step-1"), said.append)
    wait_until(lambda: f"sendmsg {LEG}" in peer.commands)
    peer.cut()
    wait_until(lambda: said == [None, None])


def test_an_order_that_breaks_lines_is_refused_and_nothing_is_sent(peer, open_link):
    link = open_link()
    before = len(peer.commands)
    for text in ("uuid_kill x\n\nbgapi originate y", "uuid_kill x\rz", "uuid_kill x\0"):
        with pytest.raises(SwitchError, match="line break"):
            link.api(text)
    assert link.api("status") == "+OK"
    assert [c for c in peer.commands[before:] if c != "api uptime s"] == ["api status"]


def test_an_answer_that_does_not_come_makes_the_link_anew(peer, open_link):
    link = open_link()
    peer.answers = lambda text: b"" if "status" in text else None
    with pytest.raises(SwitchGone):
        link.api("status", deadline_s=0.05)
    wait_until(lambda: link.states == [LinkState.UP, LinkState.DOWN, LinkState.UP])
    assert link.api("version") == "+OK"


def test_a_silent_switch_is_noticed_by_our_own_ping(peer, open_link, monkeypatch):
    monkeypatch.setattr(link_module, "PING_S", 0.02)
    link = open_link(timeout_s=0.1)
    peer.answers = lambda text: b"" if "uptime" in text else None
    wait_until(lambda: LinkState.DOWN in link.states)


def test_a_switch_without_heartbeat_is_lost(peer, open_link, monkeypatch):
    monkeypatch.setattr(link_module, "HEARTBEAT_S", 0.05)
    link = open_link()
    peer.tell(event("HEARTBEAT"))
    wait_until(lambda: link.states == [LinkState.UP, LinkState.DOWN, LinkState.UP])


def test_an_originate_carries_its_own_job_id_and_its_lag_is_measured(peer, open_link):
    link, asked = open_link(), []
    peer.answers = lambda text: asked.append(text) or reply("+OK Job-UUID: x") if "bgapi" in text else None
    link.originate(LEG, orders.originate(LEG, "user/1001"))
    wait_until(lambda: asked)
    line, header = asked[0].split("\n")
    assert line.startswith("bgapi originate {origination_uuid=")
    assert header == f"Job-UUID: {LEG}"
    gevent.sleep(0.02)
    assert link.lag_s() >= 0.02  # a channel still owed counts with its age
    peer.tell(event("CHANNEL_CREATE", Unique_ID=LEG))
    wait_until(lambda: link.told)
    assert 0.02 <= link.lag_s() < 1.0


@pytest.mark.parametrize("text", ["-ERR DESTINATION_OUT_OF_ORDER\n", "-ERR INVALID_GATEWAY\n", "-USAGE: x\n"])
def test_an_originate_that_made_no_channel_is_refused(peer, open_link, text):
    link = open_link()
    link.originate(LEG, orders.originate(LEG, "user/1001"))
    peer.tell(job(LEG, text))
    wait_until(lambda: link.told)
    assert isinstance(link.told[0], OriginateRefused)
    assert (link.told[0].leg_id, link.told[0].text) == (LEG, text.strip())
    assert link.counters.refused == 1


def test_the_text_of_a_job_says_nothing_about_a_channel_that_exists_whichever_comes_first(peer, open_link):
    link = open_link()
    for n, order in enumerate(("create first", "job first")):
        leg = f"leg-{n}"
        link.originate(leg, orders.originate(leg, "user/1001"))
        parts = [event("CHANNEL_CREATE", Unique_ID=leg), job(leg, "-ERR ORIGINATOR_CANCEL\n")]
        peer.tell(b"".join(parts if order == "create first" else reversed(parts)))
    wait_until(lambda: len(link.told) == 2)
    gevent.sleep(3 * link_module.REFUSAL_GRACE_S)
    assert [type(fact) for fact in link.told] == [LegCreated, LegCreated]
    assert link.counters.refused == 0


def test_an_originate_refused_by_the_socket_itself_is_refused(peer, open_link):
    link = open_link()
    peer.answers = lambda text: reply("-ERR permission denied") if "bgapi" in text else None
    link.originate(LEG, orders.originate(LEG, "user/1001"))
    wait_until(lambda: link.told)
    assert link.told == [OriginateRefused(LEG, link.told[0].at_s, text="-ERR permission denied")]


def test_without_a_link_an_originate_says_that_nothing_was_sent(peer, open_link):
    link = open_link()
    link.stop()
    with pytest.raises(SwitchGone):
        link.originate(LEG, orders.originate(LEG, "user/1001"))
    assert link.counters.originates == 0


def test_live_legs_are_listed_and_dumped_except_the_known(peer, open_link):
    link = open_link()
    peer.channels = [LEG, "known", "gone"]
    peer.dumps = {LEG: {"Answer-State": "answered", "variable_prozvon_attempt": "a"}}
    assert link.live_ids() == {LEG, "known", "gone"}
    assert link.live_legs(known={"known"}) == {LEG: peer.dumps[LEG]}


def test_a_channel_too_young_for_the_switchs_list_lives_and_one_that_just_ended_does_not(peer, open_link):
    link = open_link()
    peer.tell(event("CHANNEL_CREATE", Unique_ID="young") + event("CHANNEL_CREATE", Unique_ID="both"))
    wait_until(lambda: len(link.told) == 2)
    peer.alive, peer.channels = {"young", "mine"}, ["both", "stale"]
    peer.answers = lambda text: api_response("false") if text == "api uuid_exists stale" else None
    assert link.live_ids() == {"young", "both"}
    assert link.live_ids(known={"mine"}) == {"young", "both", "mine"}


def test_a_leg_of_somebody_else_with_an_odd_id_disturbs_no_question(peer, open_link):
    link = open_link()
    peer.channels = ["odd id; with@signs", LEG]
    peer.dumps = {LEG: {"Answer-State": "answered"}}
    assert link.live_ids() == {LEG}
    assert set(link.live_legs()) == {LEG}


def test_a_list_of_channels_that_is_no_list_is_an_error(peer, open_link):
    link = open_link()
    for text in ("uuid,created\n", "[]", '{"rows":[1]}'):
        peer.answers = lambda asked, text=text: api_response(text) if "show" in asked else None
        with pytest.raises(SwitchError, match="cannot be read"):
            link.live_ids()


def test_a_lost_end_is_found_by_the_audit_and_told_once(peer, open_link, monkeypatch):
    monkeypatch.setattr(link_module, "AUDIT_S", 0.02)
    monkeypatch.setattr(link_module, "SECOND_LOOK_S", 0.02)
    link = open_link()
    peer.tell(event("CHANNEL_CREATE", Unique_ID=LEG))  # and it lives nowhere
    wait_until(lambda: LinkState.GAP in link.states)
    audits = [c for c in peer.commands if c.startswith("api show")]
    wait_until(lambda: len([c for c in peer.commands if c.startswith("api show")]) > len(audits) + 3)
    assert link.states == [LinkState.UP, LinkState.GAP]
    assert link.counters.gaps == 1


def test_a_lost_beginning_is_found_as_well(peer, open_link, monkeypatch):
    monkeypatch.setattr(link_module, "AUDIT_S", 0.02)
    monkeypatch.setattr(link_module, "SECOND_LOOK_S", 0.02)
    link = open_link()
    peer.channels = [LEG]
    wait_until(lambda: LinkState.GAP in link.states)


def test_in_a_flood_reading_pauses_and_nothing_important_is_lost(peer, open_link):
    release, seen = gevent.event.Event(), []
    link = open_link(lambda fact: (release.wait(20), seen.append(fact)), most_waiting=10)
    answers = b"".join(event("CHANNEL_ANSWER", Unique_ID=f"leg-{n}") for n in range(50))
    digits = b"".join(event("DTMF", Unique_ID="leg-0", DTMF_Digit="1") for _ in range(300))
    peer.tell(answers + digits)
    wait_until(lambda: link.waiting_facts == 10)
    gevent.sleep(0.02)
    assert link.waiting_facts == 10
    assert link.connected
    release.set()
    wait_until(lambda: sum(isinstance(fact, LegAnswered) for fact in seen) == 50)
    wait_until(lambda: sum(isinstance(fact, DigitPressed) for fact in seen) + link.dropped_facts == 300)


def test_stopping_tells_nothing_more_and_leaves_no_greenlet(peer, open_link):
    link = open_link()
    link.stop()
    assert link.states == [LinkState.UP]
    assert not link.connected
    wait_until(lambda: link._loop.dead)
    link.start()
    wait_until(lambda: link.states == [LinkState.UP, LinkState.UP])


def test_a_link_that_is_stopped_while_it_waits_to_try_again_is_not_mourned(peer, open_link, caplog):
    link = open_link(password="wrong", up=False)
    wait_until(lambda: link.last_error)
    link.stop()
    wait_until(lambda: link._loop.dead)
    gevent.sleep(0)  # whoever is told of its end has been told
    assert "greenlet died" not in caplog.text


def test_the_lag_is_the_95th_percentile_of_the_last_half_minute():
    intake = Intake(LinkCounters(), lambda leg_id, text: None)
    assert intake.lag_s(0.0) == 0.0
    for n in range(100):
        intake.originated(str(n), 10.0)
        intake._on_created(str(n), 10.0 + n / 1000)
    assert intake.lag_s(11.0) == pytest.approx(0.094)
    assert intake.lag_s(11.0 + LAG_WINDOW_S) == 0.0


def test_an_originate_nobody_ever_hears_of_is_forgotten():
    intake = Intake(LinkCounters(), lambda leg_id, text: None)
    intake.originated(LEG, 0.0)
    assert intake.lag_s(100.0) == 100.0
    intake.audit([], 121.0)
    assert intake.lag_s(121.0) == 0.0
