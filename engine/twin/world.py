"""The twin's file: who is called, who works, on what terms. Read once, checked whole.

The people are described in the words of the virtual switch's population file (`default`, `groups`), and by
the hour where the day makes a difference.
"""

from datetime import datetime
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from engine.domain import strict_yaml
from engine.domain.campaign import Abandonment, Campaign, Mode, Predicting, RetryRule
from engine.domain.errors import ConfigError
from engine.sim.population import Distribution, FateName, Group, PopulationFile, seconds

Weight = Annotated[float, Field(ge=0)]
Shares = dict[FateName, Weight]
Hour = Annotated[int, Field(ge=0, le=23)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class People(Group):
    """A class of people: a group of the population file, its part of the list, and its day."""

    prefix: str = "+4860"
    weight: float = Field(default=1.0, gt=0, description="part of the list, beside the other classes")
    kind: str = Field(default="mobile", pattern="^(mobile|landline|unknown)$")
    by_hour: dict[Hour, Shares] = Field(
        default={}, description="shares of the fates from that hour on, local time; else `shares`"
    )


class Operators(_Part):
    """People at work. Times are drawn for each talk and each turn anew."""

    count: int = Field(default=20, ge=0, le=2_000)
    wrap_up_s: Distribution = Field(
        default=seconds(15), description="from the end of a talk until they are ready; the campaign's at most"
    )
    works_s: Distribution | None = Field(
        default=None, description="at work between two breaks; none: no breaks"
    )
    break_s: Distribution = seconds(600)
    staffing: tuple[tuple[float, int], ...] = Field(
        default=(), description="[hour of the day's run, operators from then on], e.g. [[0, 20], [4, 15]]"
    )


class Terms(_Part):
    """The campaign's terms, as in config.yaml."""

    mode: str = Field(default="progressive", description="a mode, or a baseline of `prozvon bench pacing`")
    cap: float = Field(default=0.03, gt=0, lt=1, description="abandoned live answers at most, a fraction")
    reserve: int = Field(default=0, ge=0, description="ready operators kept free for unpaced demand")
    largest_ratio: float = Field(default=20.0, ge=1, description="calls in flight for each operator")
    cancel_after_s: float = Field(default=15.0, ge=15, description="ringing before a call may be given up")
    cancel_share: float = Field(default=0.03, ge=0, le=1, description="given up at most, of the launched")
    max_calls: int = Field(default=0, ge=0, description="legs at once; 0: as many as the trunk has channels")
    calls_per_s: float = Field(default=50.0, gt=0)
    ring_time_s: float = Field(default=30.0, ge=5, le=120)
    wrap_up_s: float = Field(default=600.0, ge=0, description="longest wrap-up: the engine ends it then")
    answer_limit_s: float = Field(default=2.0, gt=0, le=10)
    clock: str = Field(default="greeting_end", pattern="^(answer|greeting_start|greeting_end)$")
    max_screening_s: float = Field(default=3.0, gt=0, le=10)
    lockout_s: float = Field(default=72 * 3600.0, ge=0)
    screening: bool = False
    script: str = Field(default="", description="scenario file of mode robot, beside the twin's file")
    attempts_limit: int = Field(default=10, ge=1)
    retries: dict[str, tuple[float, int]] = Field(default={}, description="{busy: [seconds, limit]}")
    rules: dict[str, dict[str, Any]] = Field(
        default={"attempt_limit": {"per_day": 3, "per_week": 7}}, description="rules of the gate"
    )


class Detector(_Part):
    """The answering-machine detector: how long it listens, how often it errs."""

    verdict_s: Distribution = Distribution(uniform=(1.2, 2.6))
    people_lost: float = Field(default=0.03, ge=0, le=1, description="people taken for machines")
    machines_passed: float = Field(default=0.15, ge=0, le=1, description="machines taken for people")


class Trunk(_Part):
    channels: int = Field(default=1_000, ge=1)
    calls_per_s: float = Field(default=100.0, gt=0)


OFTEN_S, A_HEAD_S, SELDOM_S = 0.05, 0.01, 1.0
"""Time between decisions: at least what the engine's default is, so much for each operator, and at most."""


class Delays(_Part):
    """What machines take, seconds; measured on FreeSWITCH where they matter."""

    create_s: float = Field(default=0.02, ge=0, description="order to dial until the channel is made")
    bridge_s: float = Field(default=0.09, ge=0, description="order to bridge until both hear each other")
    notice_s: float = Field(default=6.0, ge=0, description="length of the message that says who called")
    machine_heard_s: float = Field(default=6.0, ge=0, description="an operator hangs up on a machine")
    check_s: float | None = Field(
        default=None,
        gt=0,
        le=1,
        description="least time between two decisions; none given: by the team's size",
    )

    def between_s(self, operators: int) -> float:
        """Least time between two decisions of a team. What happens in between grows with the team, and what a
        wait costs shrinks: so its decisions may be as many times further apart."""
        return self.check_s or min(SELDOM_S, max(OFTEN_S, operators * A_HEAD_S))


class CallsIn(_Part):
    """People who call us: they wait with music, and take operators as they come."""

    per_hour: float = Field(default=0.0, ge=0)
    max_wait_s: float = Field(default=120.0, ge=0)
    talk_s: Distribution | None = Field(default=None, description="none: as long as those we call")
    patience_s: Distribution | None = Field(default=None, description="none: until max_wait_s")


class World(_Part):
    """The whole file."""

    name: str = "day"
    seed: int = 1
    start: datetime = datetime(2026, 11, 24, 9, 0)
    zone: str = "Europe/Warsaw"
    hours: float = Field(default=8.0, gt=0, le=24 * 14)
    warm_up_s: float = Field(default=0.0, ge=0, description="not counted in the results")
    operators: Operators = Operators()
    campaign: Terms = Terms()
    default: Group = Group()
    classes: tuple[People, ...] = (People(),)
    detector: Detector = Detector()
    trunk: Trunk = Trunk()
    delays: Delays = Delays()
    calls_in: CallsIn = CallsIn()
    contacts: int = Field(default=0, ge=0, description="length of the list; 0: it never ends")

    @field_validator("zone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except Exception:
            raise ValueError(f"'{value}' is no time zone such as Europe/Warsaw") from None
        return value

    @model_validator(mode="after")
    def _whole(self) -> "World":
        if not self.classes:
            raise ValueError("give one class of people at least")
        prefixes = [people.prefix for people in self.classes]
        if len(set(prefixes)) < len(prefixes):
            raise ValueError("two classes of people have the same prefix: their numbers would be the same")
        if self.warm_up_s >= self.hours * 3600:
            raise ValueError("warm_up_s is as long as the run: nothing would be counted")
        return self

    @property
    def wall_s(self) -> float:
        """Epoch seconds of the beginning."""
        zone = self.start.tzinfo or ZoneInfo(self.zone)
        return self.start.replace(tzinfo=zone).timestamp()

    @property
    def length_s(self) -> float:
        return self.hours * 3600.0

    def population(self) -> PopulationFile:
        groups = tuple(
            Group.model_validate(people.model_dump(include=set(Group.model_fields)))
            for people in self.classes
        )
        return PopulationFile(seed=self.seed, default=self.default, groups=groups)

    def but(self, **changes: Any) -> "World":
        """The same world with parts changed: `operators`, `campaign` and other sections by dicts of keys.
        ConfigError: what comes of it is no world."""
        merged = {}
        for name, value in changes.items():
            before = getattr(self, name)
            merged[name] = before.model_copy(update=value) if isinstance(value, dict) else value
        try:
            return World.model_validate(self.model_copy(update=merged).model_dump(mode="python"))
        except ValidationError as error:
            found = error.errors()[0]
            key = ".".join(str(part) for part in found["loc"]) or "world"
            raise ConfigError(
                f"{key}: {found['msg']}", "the change asked for", "See docs/twin.md."
            ) from error


def campaign_of(world: World, mode: Mode) -> Campaign:
    """The engine's campaign of this world."""
    terms = world.campaign
    return Campaign(
        campaign_id=world.name,
        team="team",
        mode=mode,
        gateways=("trunk",),
        caller_ids=("main",),
        max_calls=terms.max_calls or world.trunk.channels,
        calls_per_s=terms.calls_per_s,
        ring_time_s=terms.ring_time_s,
        wrap_up_s=terms.wrap_up_s,
        screening=terms.screening,
        script=terms.script,
        record=False,
        default_zone=world.zone,
        abandonment=Abandonment(
            clock=terms.clock,
            answer_limit_s=terms.answer_limit_s,
            max_screening_s=terms.max_screening_s,
            notice="notice",
            lockout_s=terms.lockout_s,
        ),
        retries={name: RetryRule(after_s, limit) for name, (after_s, limit) in terms.retries.items()},
        attempts_limit=terms.attempts_limit,
        rules=tuple((name, dict(params)) for name, params in terms.rules.items()),
        predicting=Predicting(
            cap=terms.cap,
            reserve=terms.reserve,
            largest_ratio=terms.largest_ratio,
            cancel_after_s=terms.cancel_after_s,
            cancel_share=terms.cancel_share,
        ),
    )


def load_world(path: Path) -> World:
    """Read and check a twin's file. ConfigError: what is wrong, with file and key."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        fix = "Write one, or fit one: prozvon twin fit JOURNAL."
        raise ConfigError(f"the twin's file cannot be read: {error.strerror}", str(path), fix) from error
    world = parse_world(text, str(path))
    script = world.campaign.script
    return world.but(campaign={"script": str(path.parent / script)}) if script else world


def parse_world(text: str, source: str = "twin") -> World:
    """A twin's file from its text. ConfigError tells all that is wrong, each with line and key."""
    document = strict_yaml.load(text, source)
    try:
        return World.model_validate({} if document.data is None else document.data)
    except ValidationError as error:
        raise ConfigError.of(
            document.problem(one["loc"], one["msg"], "See docs/twin.md") for one in error.errors()
        ) from error
