"""The one gate. First call, retry, callback, preview, manual and robot: every call is judged here."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time
from difflib import get_close_matches

from engine.compliance import RULES
from engine.compliance.calendars import Calendars
from engine.compliance.case import Case, Rule
from engine.compliance.do_not_call import DoNotCall, Params
from engine.compliance.do_not_call_list import DoNotCallList
from engine.compliance.packs import pack_named
from engine.domain.campaign import Campaign
from engine.domain.contact import Contact, PersonHistory, Phone
from engine.domain.errors import ConfigError
from engine.domain.gate import Allowed, Blocked

PACK = "pack"
BUSY_S = 30.0  # come back so much later for a person who is on another call
UNKNOWN_ZONE_S = 3_600.0  # a zone may be put right by configuration: look again every hour
_MOST_STEPS = 16

RuleData = Iterable[tuple[str, Mapping[str, object]]]


@dataclass(frozen=True, slots=True)
class DatedRule:
    """A rule that binds from an instant on (epoch seconds)."""

    since_s: float
    rule: Rule


def compile_rules(rules: RuleData, where: str = "rules") -> tuple[DatedRule, ...]:
    """Registry names with parameters → rules ready to judge. ConfigError says which one is wrong, and why.

    `("pack", {"name": NAME})` stands for the rules of a pack. The do-not-call list always binds.
    """
    compiled = [DatedRule(float("-inf"), DoNotCall(Params()))]
    for number, (name, params) in enumerate(rules):
        place = f"{where}.{number}.{name}"
        if name == PACK:
            if set(params) != {"name"}:
                raise ConfigError(
                    "a pack is chosen by its name alone", place, "Write pack: {name: ru-230fz}."
                )
            pack = pack_named(params["name"], f"{place}.name")
            since_s = datetime.combine(pack.effective_from, time.min, UTC).timestamp()
            compiled += [DatedRule(since_s, _rule(one, given, place)) for one, given in pack.rules]
        elif name != DoNotCall.name or params:
            compiled.append(DatedRule(float("-inf"), _rule(name, params, place)))
    return tuple(compiled)


def _rule(name: str, params: Mapping[str, object], where: str) -> Rule:
    kind = RULES.get(name)
    if kind is None:
        near = get_close_matches(str(name), [*RULES, PACK], n=1, cutoff=0.5)
        hint = f"Did you mean '{near[0]}'?" if near else f"There are: {', '.join(RULES)}, {PACK}."
        raise ConfigError(f"unknown rule '{name}'", where, hint)
    try:
        return kind.make(params, where)
    except ConfigError as error:
        at = error.where if error.where.startswith(where) else f"{where}.{error.where}".rstrip(".")
        raise ConfigError(error.what, at, error.fix) from None


class Gate:
    """What rules look up (calendars, the do-not-call list), and the judging itself. No I/O, no clock."""

    def __init__(self, do_not_call: DoNotCallList | None = None, calendars: Calendars | None = None) -> None:
        self.do_not_call = do_not_call or DoNotCallList()
        self.calendars = calendars or Calendars()
        self._compiled: dict[str, tuple[object, tuple[DatedRule, ...], bool]] = {}

    def judge(
        self,
        contact: Contact,
        phone: Phone,
        campaign: Campaign,
        history: PersonHistory,
        wall_s: float,
        path: str,
        agent_guaranteed: bool = False,
    ) -> Allowed | Blocked:
        """May this person be called on this number, now?

        `path`: first, retry, callback, preview, manual or robot; no rule may let one of them by.
        `agent_guaranteed`: an agent is held before the number is dialed, so nobody can be abandoned.

        `Blocked` carries the first rule that is against it, and the earliest instant at which, by what is
        known today, all rules would let the call pass.
        """
        if history.open_attempt:
            return Blocked("one_call_at_a_time", "the person is on another call", wall_s + BUSY_S)
        rules, needs_zone = self._rules_of(campaign)
        zones = contact.zones or phone.zones or ((campaign.default_zone,) if campaign.default_zone else ())
        if needs_zone and not (zones and all(map(self.calendars.knows, zones))):
            return _unknown_zone(zones, self.calendars, wall_s)
        case = Case(
            contact,
            phone,
            campaign,
            history,
            zones,
            agent_guaranteed,
            path,
            self.calendars,
            self.do_not_call,
            wall_s,
        )
        blocked = _first_against(rules, case)
        if blocked is None:
            return Allowed(history.version)
        return replace(blocked, retry_at_s=_when_all_allow(rules, case, blocked.retry_at_s))

    def _rules_of(self, campaign: Campaign) -> tuple[tuple[DatedRule, ...], bool]:
        """Compiled once per campaign, and again when its rules are replaced."""
        found = self._compiled.get(campaign.campaign_id)
        if found is None or found[0] is not campaign.rules:
            rules = compile_rules(campaign.rules, f"campaigns.{campaign.campaign_id}.rules")
            needs_zone = any(dated.rule.needs_zone for dated in rules)
            found = self._compiled[campaign.campaign_id] = (campaign.rules, rules, needs_zone)
        return found[1], found[2]


def _first_against(rules: tuple[DatedRule, ...], case: Case) -> Blocked | None:
    for dated in rules:
        if dated.since_s <= case.wall_s:
            blocked = dated.rule.judge(case)
            if blocked is not None:
                return blocked
    return None


def _when_all_allow(rules: tuple[DatedRule, ...], case: Case, first_s: float) -> float:
    """Step from each rule's own instant to the next rule that is against it, until none is."""
    at_s = first_s
    for _ in range(_MOST_STEPS):
        if at_s == float("inf"):
            break
        case.wall_s = at_s
        blocked = _first_against(rules, case)
        if blocked is None:
            break
        at_s = blocked.retry_at_s
    return at_s


def _unknown_zone(zones: tuple[str, ...], calendars: Calendars, wall_s: float) -> Blocked:
    unknown = ", ".join(repr(zone) for zone in zones if not calendars.knows(zone))
    what = f"unknown time zone {unknown}" if unknown else "no time zone is known for the person"
    fix = "give the contact a zone (such as Europe/Warsaw), or the campaign a default_zone"
    return Blocked("time_zone", f"{what}; {fix}", wall_s + UNKNOWN_ZONE_S)
