"""The population file: who lives behind the numbers, in shares and distributions. Read once, checked whole.

Everybody's fate is drawn from (seed, number, how often that number was called before) and from nothing else:
the same seed and the same calls give the same fates, in whatever order other numbers are dialed.
"""

import math
import random
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from engine.domain.errors import ConfigError

FateName = Literal[
    "answer",
    "voicemail",
    "fax",
    "busy",
    "no_answer",
    "dead",
    "rejected",
    "unreachable",
    "congestion",
    "announcement",
]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class LogNormal(_Strict):
    median: float = Field(gt=0, description="seconds")
    sigma: float = Field(default=0.5, ge=0, description="spread of the logarithm")


class Distribution(_Strict):
    """A time in seconds: `3`, `{uniform: [2, 5]}`, `{exponential: 30}` (the mean), `{lognormal: {…}}`, or
    `{quantiles: [0, 2.5, 4, 60]}`: at equal steps of probability, straight lines between them."""

    constant: float | None = Field(default=None, ge=0)
    uniform: tuple[float, float] | None = None
    exponential: float | None = Field(default=None, gt=0)
    lognormal: LogNormal | None = None
    quantiles: tuple[float, ...] | None = None

    @model_validator(mode="before")
    @classmethod
    def _plain_number(cls, value: Any) -> Any:
        return value if isinstance(value, dict | Distribution) else {"constant": value}

    @model_validator(mode="after")
    def _exactly_one(self) -> "Distribution":
        given = [
            value
            for value in (self.constant, self.uniform, self.exponential, self.lognormal, self.quantiles)
            if value is not None
        ]
        if len(given) != 1:
            raise ValueError("give one of: a number, uniform, exponential, lognormal, quantiles")
        if self.uniform is not None and not 0 <= self.uniform[0] <= self.uniform[1]:
            raise ValueError("uniform wants [low, high] with 0 <= low <= high")
        points = self.quantiles
        if points is not None and not (len(points) > 1 and points[0] >= 0 and list(points) == sorted(points)):
            raise ValueError("quantiles want two numbers or more, from small to great, none below 0")
        return self

    def draw(self, dice: random.Random) -> float:
        if self.constant is not None:
            return self.constant
        if self.uniform is not None:
            return dice.uniform(*self.uniform)
        if self.exponential is not None:
            return dice.expovariate(1 / self.exponential)
        if self.quantiles is not None:
            at = dice.random() * (len(self.quantiles) - 1)
            low = self.quantiles[int(at)]
            return low + (self.quantiles[int(at) + 1] - low) * (at - int(at))
        assert self.lognormal is not None
        return self.lognormal.median * math.exp(dice.gauss(0.0, self.lognormal.sigma))

    @property
    def mean_s(self) -> float:
        """The expected time, seconds."""
        if self.constant is not None:
            return self.constant
        if self.uniform is not None:
            return sum(self.uniform) / 2
        if self.exponential is not None:
            return self.exponential
        if self.quantiles is not None:
            inner = sum(self.quantiles) - (self.quantiles[0] + self.quantiles[-1]) / 2
            return inner / (len(self.quantiles) - 1)
        assert self.lognormal is not None
        return self.lognormal.median * math.exp(self.lognormal.sigma**2 / 2)


def seconds(value: float) -> Distribution:
    return Distribution(constant=value)


class Press(_Strict):
    """Keys a person presses: `after_s` seconds after prompt number `on_prompt` began (0: after the answer).

    `digits`: the keys, or keys with weights. `share`: of the people who press at all.
    """

    digits: str | dict[str, float]
    on_prompt: int = Field(default=1, ge=0)
    after_s: Distribution = seconds(1.5)
    share: float = Field(default=1.0, ge=0, le=1)


class Habits(_Strict):
    """How people behind a number behave. Every key may be given in `default`, a group, or for one number."""

    setup_s: Distribution | None = Field(
        default=None, description="until the network answers the INVITE at all"
    )
    ring_s: Distribution | None = Field(default=None, description="ringing before the answer or the refusal")
    talk_s: Distribution | None = Field(
        default=None, description="talk with an agent before the person hangs up"
    )
    listen_s: Distribution | None = Field(default=None, description="how long a person listens to a robot")
    patience_s: Distribution | None = Field(
        default=None, description="how long an answered person waits for anyone"
    )
    greeting_s: Distribution | None = Field(default=None, description="length of a person's hello")
    voicemail_s: Distribution | None = Field(
        default=None, description="length of a machine's greeting, before its beep"
    )
    announcement_s: Distribution | None = Field(
        default=None, description="length of the network's announcement"
    )
    ringback: Literal["180", "183", "180+183"] | None = Field(
        default=None, description="183: ring-back tone in early media"
    )
    codec: Literal["PCMU", "PCMA"] | None = None
    presses: tuple[Press, ...] | None = None


class Group(Habits):
    """People by number prefix. `shares`: of each fate; they are weights, and need not add up to 1."""

    prefix: str = ""
    shares: dict[FateName, Annotated[float, Field(ge=0)]] | None = None


class PlannedNumber(Habits):
    """One number with a planned fate, the same at every call; `fates` instead gives call after call."""

    fate: FateName | None = None
    fates: tuple[FateName, ...] = ()
    sip: int = Field(default=0, ge=0, le=699, description="refuse with this status instead of the fate's own")
    q850: int = Field(default=0, ge=0, le=127, description="cause in a Reason header of the refusal")

    @model_validator(mode="after")
    def _a_fate(self) -> "PlannedNumber":
        if not (self.fate or self.fates or self.sip):
            raise ValueError("give fate, fates or sip")
        return self


class AgentPhone(_Strict):
    """A phone that registers with the switch. `leaves_after_s`: it hangs up a leg that old."""

    registered: bool = True
    answer_after_s: Distribution = seconds(0.1)
    refuses: bool = False
    ignores: bool = Field(default=False, description="rings and is never picked up")
    leaves_after_s: Distribution | None = None
    codec: Literal["PCMU", "PCMA"] = "PCMU"


class GatewayFile(_Strict):
    codec: Literal["PCMU", "PCMA"] | None = None
    state: Literal["REGED", "NOREG", "DOWN", "FAIL_WAIT"] = "NOREG"
    channels: int = Field(default=0, ge=0, description="503 above so many calls at once; 0: no limit")
    calls_per_s: float = Field(default=0, ge=0, description="503 above so many calls a second; 0: no limit")


class Bursts(_Strict):
    """Every `every_s` seconds the trunk answers 503 to a `share` of calls for `lasting_s` seconds."""

    every_s: float = Field(gt=0)
    lasting_s: float = Field(gt=0)
    share: float = Field(default=1.0, ge=0, le=1)


class Faults(_Strict):
    congestion: Bursts | None = None
    event_loss: float = Field(
        default=0.0, ge=0, le=1, description="share of events that never reach a client"
    )
    event_duplication: float = Field(default=0.0, ge=0, le=1)
    lost_bridges: float = Field(
        default=0.0,
        ge=0,
        le=1,
        description="share of bridges ordered at the answer that the originate's own transfer undoes",
    )
    disconnect_every_s: Distribution | None = Field(
        default=None, description="Event Socket clients are cut off"
    )
    slow_originate_s: Distribution | None = Field(default=None, description="before the channel is created")
    sessions_per_second: int = Field(default=0, ge=0, description="0: no limit")
    max_sessions: int = Field(default=0, ge=0, description="0: no limit")


class CallsIn(_Strict):
    """People who call us: `per_hour` at random, to `to`, from numbers beginning with `from_prefix`."""

    per_hour: float = Field(default=0, ge=0)
    to: str = "1000"
    from_prefix: str = "+4860"
    socket: str = Field(default="", description="host:port that is handed the call; empty: it is parked")


class PopulationFile(_Strict):
    """The whole file. See populations/demo.yaml for one with every key explained."""

    seed: int = 1
    default: Group = Group()
    groups: tuple[Group, ...] = ()
    numbers: dict[str, PlannedNumber] = {}
    gateways: dict[str, GatewayFile] = {}
    agents: dict[str, AgentPhone] = {}
    inbound: CallsIn = CallsIn()
    faults: Faults = Faults()
    dialplan: dict[str, tuple[str, ...]] = {}
    files: dict[str, float] = Field(
        default={}, description="seconds of sound files that are not on this machine"
    )


def load_population(path: Path) -> PopulationFile:
    """Read and check a population file. Raises ConfigError with file, line and key of the first mistake."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigError("population file cannot be read", str(path), str(error)) from error
    return parse_population(text, str(path))


def parse_population(text: str, source: str = "population") -> PopulationFile:
    """Scalars are read as text and made numbers by the model: a telephone number keeps its `+`."""
    try:
        root = yaml.compose(text, Loader=yaml.CSafeLoader)
    except yaml.YAMLError as error:
        raise ConfigError("not YAML", source, str(error).replace("\n", " ")) from error
    try:
        return PopulationFile.model_validate({} if root is None else _plain(root, source))
    except ValidationError as error:
        first = error.errors()[0]
        where, mark = ".".join(str(part) for part in first["loc"]), _mark(root, first["loc"])
        place = f"{source}:{mark.line + 1}:{mark.column + 1}" if mark else source
        raise ConfigError(f"{where or 'population'}: {first['msg']}", place) from error


def _plain(node: yaml.Node, source: str) -> Any:
    if isinstance(node, yaml.MappingNode):
        found: dict[str, Any] = {}
        for key, value in node.value:
            if key.value in found:
                place = f"{source}:{key.start_mark.line + 1}:{key.start_mark.column + 1}"
                raise ConfigError(f"key {key.value!r} is given twice", place, "Keep one of them.")
            found[key.value] = _plain(value, source)
        return found
    if isinstance(node, yaml.SequenceNode):
        return [_plain(item, source) for item in node.value]
    return None if node.tag.endswith(":null") else node.value


def _mark(node: yaml.Node | None, path: tuple[int | str, ...]) -> yaml.Mark | None:
    """Where in the file the key of an error is, as far down as the path can be followed."""
    mark = node.start_mark if node is not None else None
    for part in path:
        if isinstance(node, yaml.MappingNode):
            pair = next(((key, value) for key, value in node.value if key.value == str(part)), None)
            if pair is None:
                continue
            mark, node = pair[0].start_mark, pair[1]
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
            node = node.value[part]
            mark = node.start_mark
    return mark


def bare(number: str) -> str:
    """A number as its digits alone: `+48 600-100-200` and `48600100200` are one."""
    return "".join(mark for mark in number if mark.isdigit())
