"""What comes after an attempt: which number next, and when; or that the contact is done.

Numbers are tried in the order of the row, round after round: first, second, third, first … A number that
is dead is left out for ever. What the network or our own switch did to a call is not held against the
contact: neither its number nor its count of attempts moves on.
"""

from dataclasses import replace

from engine.domain.attempt import Disposition
from engine.domain.campaign import Campaign, RetryRule
from engine.domain.contact import Contact, Phone, Progress, Scheduled

D = Disposition
MINUTE_S, HOUR_S = 60.0, 3_600.0
NEXT_NUMBER_S = 5 * MINUTE_S  # nobody was reached: the next number of the round need not wait for longer
MOST_BACKOFF_S = 15 * MINUTE_S
NO_LIMIT = 1_000_000

DEFAULTS: dict[Disposition, RetryRule] = {
    D.TALKED: RetryRule(0.0, 0),  # done; the agent may promise a callback
    D.ROBOT_DONE: RetryRule(0.0, 0),
    D.ROBOT_PARTIAL: RetryRule(4 * HOUR_S, 2),
    D.ABANDONED: RetryRule(72 * HOUR_S, 3),  # the campaign's own lockout takes the place of the 72 h
    D.HUNG_UP: RetryRule(4 * HOUR_S, 2),
    D.MACHINE: RetryRule(4 * HOUR_S, 4),
    D.FAX: RetryRule(0.0, NO_LIMIT),  # the number is dead, the others are not
    D.ANNOUNCEMENT: RetryRule(6 * HOUR_S, 3),
    D.BUSY: RetryRule(5 * MINUTE_S, 5),
    D.NO_ANSWER: RetryRule(2 * HOUR_S, 6),
    D.UNREACHABLE: RetryRule(3 * HOUR_S, 6),
    D.REJECTED: RetryRule(24 * HOUR_S, 2),
    D.DEAD_NUMBER: RetryRule(0.0, NO_LIMIT),
    D.CONGESTION: RetryRule(MINUTE_S, 20),
    D.SWITCH_BUSY: RetryRule(5.0, NO_LIMIT),
    D.CANCELLED: RetryRule(10 * MINUTE_S, 5),
    D.FAILED: RetryRule(HOUR_S, 3),
    D.UNKNOWN: RetryRule(24 * HOUR_S, 2),
}
"""`limit`: with so many attempts of the disposition the contact is done. A campaign's `retries` win."""

_NUMBER_IS_DEAD = frozenset({D.DEAD_NUMBER, D.FAX})
_NOT_THE_CONTACTS_FAULT = frozenset({D.CONGESTION, D.SWITCH_BUSY})
_NOBODY_REACHED = frozenset({D.BUSY, D.NO_ANSWER, D.UNREACHABLE, D.ANNOUNCEMENT, D.FAILED})
_SERVED = frozenset({D.TALKED, D.ROBOT_DONE, D.ROBOT_PARTIAL, D.HUNG_UP})


def phones_in_turn(contact: Contact, progress: Progress) -> list[Phone]:
    """Numbers that may be tried, best first: the least tried, in the order of the row; never a dead one."""
    alive = (phone for phone in contact.phones if phone.number not in progress.dead)
    return sorted(alive, key=lambda phone: progress.tries.get(phone.number, 0))


def next_phone(contact: Contact, progress: Progress) -> Phone | None:
    """The number to try now. None: every number is dead."""
    return next(iter(phones_in_turn(contact, progress)), None)


def after_attempt(
    contact: Contact,
    number: str,
    progress: Progress,
    end: Disposition,
    campaign: Campaign,
    wall_s: float,
    callback_at_s: float | None = None,
) -> Scheduled:
    """Progress after this end, and when the contact is due again (epoch seconds; None: done).

    `callback_at_s`: promised to the person; it is kept whatever the limits of the campaign say. (The gate
    still judges the call.)
    """
    then = _moved_on(progress, number, end, wall_s)
    if callback_at_s is not None:
        return Scheduled(then, max(wall_s, callback_at_s), "callback promised")
    upcoming = next_phone(contact, then)
    if upcoming is None:
        return Scheduled(then, None, "every number is dead")
    if then.attempts >= campaign.attempts_limit:
        return Scheduled(then, None, f"{then.attempts} of {campaign.attempts_limit} attempts made")
    rule = rule_for(end, campaign)
    times = then.by_outcome[end.value]
    if times >= rule.limit:
        return Scheduled(then, None, _word(end) if rule.limit == 0 else f"{times} times {_word(end)}")
    wait_s = _wait_s(end, rule, times, other_number=_is_behind(then, upcoming, number))
    which = "" if upcoming.number == number or len(contact.phones) == 1 else ", next number"
    return Scheduled(then, wall_s + wait_s, f"{_word(end)}: again in {_span(wait_s)}{which}")


def rule_for(end: Disposition, campaign: Campaign) -> RetryRule:
    given = campaign.retries.get(end.value)
    if given is None and end is D.ABANDONED:
        return RetryRule(campaign.abandonment.lockout_s, DEFAULTS[end].limit)
    return given or DEFAULTS[end]


def _moved_on(progress: Progress, number: str, end: Disposition, wall_s: float) -> Progress:
    counted = 0 if end in _NOT_THE_CONTACTS_FAULT else 1
    tries = progress.tries
    if counted:
        tries = {**tries, number: tries.get(number, 0) + 1}
    dead = progress.dead
    if end in _NUMBER_IS_DEAD and number not in dead:
        dead = (*dead, number)
    return replace(
        progress,
        attempts=progress.attempts + counted,
        tries=tries,
        by_outcome={**progress.by_outcome, end.value: progress.by_outcome.get(end.value, 0) + 1},
        last_outcome=end.value,
        last_attempt_at_s=wall_s,
        guaranteed=end is D.ABANDONED or (progress.guaranteed and end not in _SERVED),
        dead=dead,
    )


def _is_behind(then: Progress, upcoming: Phone, number: str) -> bool:
    """Is the next number one that this round has not come to yet?"""
    return then.tries.get(upcoming.number, 0) < then.tries.get(number, 0)


def _wait_s(end: Disposition, rule: RetryRule, times: int, other_number: bool) -> float:
    if end in _NOT_THE_CONTACTS_FAULT:
        return max(rule.after_s, min(rule.after_s * 2.0 ** min(times - 1, 16), MOST_BACKOFF_S))
    if other_number and end in _NOBODY_REACHED:
        return min(rule.after_s, NEXT_NUMBER_S)
    return rule.after_s


def _word(end: Disposition) -> str:
    return end.value.replace("_", " ")


def _span(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 2 * HOUR_S else f"{seconds / HOUR_S:.0f} h"
