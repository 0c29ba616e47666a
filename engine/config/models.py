"""The whole of config.yaml as one frozen model."""

from pathlib import Path

from pydantic import Field, PrivateAttr

from engine.config.base import Name, Section
from engine.config.dialing import Agent, Calling, Campaign, Pacing, Team
from engine.config.installation import (
    Api,
    CallerIdPool,
    Demo,
    Gateway,
    Inbound,
    Logging,
    Media,
    Prompts,
    Recording,
    Store,
    Switch,
    Tts,
    VirtualSwitch,
)


class Config(Section):
    """Everything an engine is told. Read by `engine.config.load`, which also checks what no model can see."""

    switches: tuple[Switch, ...] = Field(default=(), description="the FreeSWITCHes; none: the virtual switch")
    virtual_switch: VirtualSwitch = Field(
        default=VirtualSwitch(), description="what serves when switches is empty"
    )
    gateways: tuple[Gateway, ...] = Field(default=(), description="the trunks")
    caller_ids: dict[Name, CallerIdPool] = Field(
        default={}, description="pools of own numbers to show, by name"
    )
    teams: tuple[Team, ...] = Field(default=(), description="the teams")
    agents: tuple[Agent, ...] = Field(default=(), description="the operators")
    campaigns: tuple[Campaign, ...] = Field(default=(), description="campaigns; more can be made by the API")
    calling: Calling = Field(default=Calling(), description="when and how often anybody may be called")
    pacing: Pacing = Field(default=Pacing(), description="how calls are launched")
    store: Store = Field(default=Store(), description="where everything is kept")
    api: Api = Field(default=Api(), description="HTTP API, live page, agents' desk")
    inbound: Inbound = Field(default=Inbound(), description="calls that come in")
    media: Media = Field(default=Media(), description="the processes that listen")
    prompts: Prompts = Field(default=Prompts(), description="what people hear besides scenarios")
    tts: Tts = Field(default=Tts(), description="synthesised speech")
    recording: Recording = Field(default=Recording(), description="recordings")
    logging: Logging = Field(default=Logging(), description="the log")
    demo: Demo = Field(default=Demo(), description="what `prozvon run --demo` plays")

    _folder: Path = PrivateAttr(default=Path())

    def at(self, path: str) -> Path:
        """A file or folder named in the configuration: relative ones are relative to config.yaml's folder."""
        return self._folder / path

    def team(self, name: str) -> Team:
        return next(team for team in self.teams if team.name == name)

    def campaign(self, campaign_id: str) -> Campaign:
        return next(campaign for campaign in self.campaigns if campaign.id == campaign_id)
