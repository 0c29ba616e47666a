"""What a policy is told between two decisions: pure data, no contact, no number.

A snapshot says how things stand; news say how they came about, so that a policy can learn. News that are
lost cost a lesson, never a call: decisions rest on the snapshot. `at_s` is the clock of `Policy.decide`,
seconds.
"""

from typing import NamedTuple


class CallMoved(NamedTuple):
    """A paced call changed. `state`: dialing (launched), ringing, early_media, screening (picked up,
    person or machine not yet known), waiting (a person who needs an agent now; without screening that is the
    answer itself). `call_class`: as in CallView."""

    attempt_id: str
    state: str
    at_s: float
    call_class: str = ""


class CallEnded(NamedTuple):
    """A paced call ended without a person for an agent. `why`: dead, busy, congestion
    (the trunk refused: says nothing of the person), unavailable, no_answer, machine, cancelled, failed."""

    attempt_id: str
    why: str
    at_s: float


class PersonServed(NamedTuple):
    """A live answer found an agent after `wait_s` seconds."""

    attempt_id: str
    wait_s: float
    at_s: float


class PersonMissed(NamedTuple):
    """A live answer found nobody within the abandonment clock, or hung up before: an abandoned call."""

    attempt_id: str
    wait_s: float
    at_s: float


class TalkEnded(NamedTuple):
    """An agent's talk is over; it lasted `talk_s` seconds."""

    agent_id: str
    talk_s: float
    at_s: float


class WrapUpEnded(NamedTuple):
    """An agent's wrap-up is over after `wrap_up_s` seconds. `ready`: they take calls again."""

    agent_id: str
    wrap_up_s: float
    at_s: float
    ready: bool = True


News = CallMoved | CallEnded | PersonServed | PersonMissed | TalkEnded | WrapUpEnded
