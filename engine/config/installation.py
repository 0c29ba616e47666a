"""Sections about the installation: switches, trunks, store, API, files. What operations sets up once."""

from typing import Literal

from pydantic import Field, SecretStr

from engine.config.base import AnyPrefix, Country, Language, Name, Number, Port, Prefix, Ref, Section

NumberKind = Literal["mobile", "landline", "unknown"]
EVERY_KIND: tuple[NumberKind, ...] = ("mobile", "landline", "unknown")


class Switch(Section):
    """A FreeSWITCH, reached by its Event Socket. None at all: the virtual switch."""

    name: Name = Field(description="how gateways and teams refer to it")
    host: str = Field(default="127.0.0.1", min_length=1, description="address of its Event Socket")
    port: Port = Field(default=8021, description="TCP port of its Event Socket")
    password: SecretStr = Field(
        default=SecretStr("ClueCon"),
        description="Event Socket password, as ${NAME}; written out only for loopback",
    )
    media_path: str = Field(
        default="",
        description="folder of prompts and recordings as the switch sees it; empty: store.data_dir",
    )
    dial: str = Field(
        default="sofia/gateway/{gateway}/{number}",
        description="dial string towards a trunk; {gateway}, {number}",
    )
    agent_dial: str = Field(
        default="user/{extension}", description="dial string towards an agent's phone; {extension}"
    )
    media_dial: str = Field(
        default="sofia/media/amd@{host}:{port}",
        description="dial string of the audio fork towards the media process",
    )
    records_dir: str = Field(
        default="",
        description="folder of mod_json_cdr as seen from here: ends that nobody was told of are read in it",
    )
    command_deadline_s: float = Field(
        default=5.0, ge=0.5, le=60, description="seconds a command may take; then reconnect"
    )


class VirtualSwitch(Section):
    """The switch that serves when `switches` is empty: people of a population file instead of trunks."""

    population: str = Field(default="", description="population file; empty: the demo's own")
    seed: int = Field(default=1, ge=0, description="the same seed and calls give the same people")
    speed: float = Field(
        default=1.0, gt=0, le=100, description="seconds of the callees' time in a second of ours"
    )


class Gateway(Section):
    """A trunk: a gateway entry of a switch, with what its contract allows."""

    name: Name = Field(description="as the switch calls it")
    switch: Ref = Field(default="", description="name of its switch; empty: the only one")
    channels: int = Field(default=10, ge=1, le=10_000, description="legs at once, all engines together")
    calls_per_s: float = Field(
        default=2.0, gt=0, le=1_000, description="new calls per second, all engines together"
    )
    kinds: tuple[NumberKind, ...] = Field(default=EVERY_KIND, description="kinds of numbers it may carry")
    prefixes: tuple[Prefix, ...] = Field(default=(), description="E.164 prefixes it may carry; empty: all")
    strip: str = Field(
        default="", max_length=16, description="cut from the front of the E.164 number before dialing, e.g. +"
    )
    prepend: str = Field(
        default="", max_length=32, description="put before what is left of the number, e.g. 00"
    )
    codec: Literal["", "PCMU", "PCMA"] = Field(
        default="", description="the only codec offered to it; empty: those of the switch's profile"
    )
    rest_after_failures: int = Field(
        default=20, ge=1, le=10_000, description="failures in a row after which it rests"
    )
    rest_s: float = Field(default=60.0, ge=1, le=86_400, description="seconds a failing gateway rests")


class CallerIdPool(Section):
    """Own numbers to show. A campaign names one pool or several."""

    numbers: tuple[Number, ...] = Field(min_length=1, description="own numbers, E.164")
    daily_cap: int = Field(default=0, ge=0, description="calls per number and day; 0: no cap")
    kinds: tuple[NumberKind, ...] = Field(
        default=EVERY_KIND, description="kinds of called numbers it is shown to"
    )
    prefixes: tuple[Prefix, ...] = Field(
        default=(), description="called E.164 prefixes it is shown to; empty: all"
    )


class Store(Section):
    """Where everything that must outlive the engine is kept."""

    url: SecretStr = Field(
        default=SecretStr(""),
        description="redis://, rediss://, unix://, redis+sentinel:// or redis+cluster:// address, "
        "password as ${NAME}; empty: embedded",
    )
    data_dir: str = Field(
        default="data", min_length=1, description="folder of journal, recordings, prompts, embedded store"
    )
    shards: int = Field(
        default=64, ge=1, le=4_096, description="shards of persons; fixed when the store is first used"
    )
    timeout_s: float = Field(default=2.0, ge=0.1, le=60, description="seconds a request may take")
    team_lease_s: float = Field(
        default=8.0, ge=2, le=300, description="seconds until another engine may take a dead one's teams"
    )
    claim_lease_s: float = Field(
        default=60.0, ge=5, le=3_600, description="seconds until a contact claimed by a dead engine returns"
    )
    imports_days: float = Field(
        default=30.0,
        ge=0,
        le=3_660,
        description="days after which uploaded lists and their rejects go",
    )
    confirm_replicas: int = Field(
        default=0, ge=0, le=5, description="replicas that must confirm an intent before the call"
    )


class Token(Section):
    """Who may use the API. Agents have tokens of their own: agents.token."""

    name: Name = Field(description="whose it is; written to the journal")
    token: SecretStr = Field(description="16 characters or more, as ${NAME}; written out only for loopback")
    scope: Literal["supervisor", "admin"] = Field(
        default="supervisor", description="supervisor: campaigns, agents, calls; admin: also configuration"
    )
    clear_numbers: bool = Field(default=False, description="may see people's numbers unmasked")


class Api(Section):
    """The HTTP API, the live page and the agents' desk."""

    host: str = Field(default="127.0.0.1", min_length=1, description="address to listen on")
    port: Port = Field(default=8080, description="TCP port to listen on")
    tokens: tuple[Token, ...] = Field(
        default=(), description="who may use it; none: an admin token is made in store.data_dir"
    )
    tls_cert: str = Field(default="", description="certificate chain, PEM file; empty: plain HTTP")
    tls_key: str = Field(default="", description="private key of the certificate, PEM file")
    plain_http_abroad: bool = Field(
        default=False, description="allow plain HTTP beyond loopback, because a proxy in front speaks TLS"
    )


class InboundRoute(Section):
    """Who serves a call that comes in."""

    prefix: AnyPrefix = Field(default="", description="own number called, or its beginning; empty: any")
    campaign: Ref = Field(description="campaign whose team, scenario and language serve the call")
    serve: Literal["agents", "robot"] = Field(
        default="agents", description="queued to agents, or the scenario"
    )
    max_wait_s: float = Field(default=120.0, ge=0, le=3_600, description="longest wait in the queue, seconds")


class Inbound(Section):
    """Calls that come in: the switch hands them over to this listener."""

    host: str = Field(default="127.0.0.1", min_length=1, description="address to listen on for the switch")
    port: Port = Field(
        default=8084, description="TCP port, as prozvon_inbound_socket of freeswitch-conf/vars.xml"
    )
    max_calls: int = Field(
        default=200, ge=1, le=10_000, description="calls served at once; more are left to the dialplan"
    )
    routes: tuple[InboundRoute, ...] = Field(
        default=(), description="first match serves; none: the call is declined"
    )


class Media(Section):
    """The media processes: they hear forked audio and tell people from machines."""

    host: str = Field(
        default="127.0.0.1", min_length=1, description="address the switch sends forked audio to"
    )
    sip_port: Port = Field(default=5095, description="UDP port of the first process; the others follow")
    rtp_first_port: Port = Field(default=21000, description="first UDP port for audio")
    rtp_last_port: Port = Field(default=21999, description="last UDP port for audio")
    processes: int = Field(default=1, ge=1, le=64, description="media processes")
    audio: Literal["fork", "file"] = Field(
        default="fork",
        description="fork: calls by SIP, any host; file: by files in memory, same host, cheaper",
    )
    tap_folder: str = Field(
        default="/dev/shm/prozvon", description="folder in memory for those files, same path for the switch"
    )
    evidence_days: float = Field(
        default=30.0, ge=0, le=3_660, description="days after which the kept sound of calls is deleted"
    )
    fingerprints: str = Field(
        default="", description="folder of known announcements; empty: fingerprints in store.data_dir"
    )


class Prompts(Section):
    """What people hear from us besides scenarios. What is not given is synthesised from built-in texts."""

    folder: str = Field(
        default="data/prompts", min_length=1, description="folder of the recordings that scenarios name"
    )
    company: str = Field(
        default="Prozvon Demo", min_length=1, max_length=100, description="who calls, as it is spoken"
    )
    abandon_notice: dict[Language, str] = Field(
        default={}, description="own recording by language: who called, when nobody is free"
    )
    record_warning: dict[Language, str] = Field(
        default={}, description="own recording by language: this call is recorded"
    )
    hold: dict[Language, str] = Field(
        default={}, description="own recording by language: please stay on the line"
    )
    sorry: dict[Language, str] = Field(
        default={}, description="own recording by language: something failed, we call again"
    )


class Tts(Section):
    """Synthesised speech: always made before the call, never during it."""

    provider: Literal["espeak"] = Field(
        default="espeak", description="espeak: espeak-ng, self-hosted, built in"
    )
    voices: dict[Language, str] = Field(
        default={"en": "en-us", "pl": "pl", "ru": "ru"}, description="voice by language"
    )
    cache_dir: str = Field(
        default="data/tts", min_length=1, description="folder of spoken phrases, found again by content"
    )


class Recording(Section):
    """Recordings of talks. Which campaigns record, they say themselves."""

    path: str = Field(
        default="recordings/{date}/{campaign}/{attempt}.wav",
        description="below media_path; {date}, {campaign}, {attempt}, {agent}, {contact}",
    )


class Logging(Section):
    """The engine's log. Telephone numbers and names are masked in it."""

    level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="least important level written"
    )
    format: Literal["auto", "plain", "json"] = Field(
        default="auto", description="auto: plain on a terminal, else json"
    )
    file: str = Field(default="", description="file to append to; empty: standard error")
    queue: int = Field(
        default=10_000,
        ge=100,
        le=1_000_000,
        description="lines that wait for a slow reader; more are counted, not kept",
    )


class Demo(Section):
    """What `prozvon run --demo` plays on the virtual switch."""

    contacts: int = Field(default=200, ge=1, le=100_000, description="contacts of each demo campaign")
    agents: int = Field(default=5, ge=0, le=500, description="simulated operators at work")
    speed: float = Field(
        default=12.0, gt=0, le=100, description="times faster than real time; what the virtual switch runs at"
    )
    country: Country = Field(default="PL", description="country of the demo's numbers")
    longest_s: float = Field(
        default=150.0, ge=10, le=86_400, description="real seconds after which the demo ends by itself"
    )
