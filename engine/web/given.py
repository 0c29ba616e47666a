"""What clients send, as models: checked before anybody acts on it, and printed in openapi.json."""

import json
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, StringConstraints, model_validator

from engine.web.route import Given, Look

PAIRS = r"^([^=,\x00-\x1f\x7f]+=[^=,\x00-\x1f\x7f]+(,[^=,\x00-\x1f\x7f]+=[^=,\x00-\x1f\x7f]+)*)?$"
NO_CONTROL = r"^[^\x00-\x1f\x7f]*$"
ID = r"^[\w.:@+-]{1,128}$"
CONTACT_ID = r"^[^\x00-\x1f\x7f]{1,200}$"

Id = Annotated[str, StringConstraints(pattern=ID)]
ContactId = Annotated[str, StringConstraints(pattern=CONTACT_ID)]
Line = Annotated[str, StringConstraints(pattern=NO_CONTROL, max_length=200)]
Note = Annotated[str, StringConstraints(max_length=4000)]
Number = Annotated[str, StringConstraints(pattern=r"^(\+[1-9][0-9]{6,14})?$")]
Extension = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.-]{0,32}$")]
Target = Annotated[str, StringConstraints(pattern=r"^(\+[1-9][0-9]{6,14}|[A-Za-z0-9_.-]{0,32})$")]
EpochS = Annotated[float, Field(ge=0, le=1e11)]


class NewCampaign(Given):
    """A campaign as section `campaigns` of config.yaml describes one; the engine checks the rest of it."""

    model_config = ConfigDict(extra="allow", frozen=True)

    id: Id = Field(description="for addresses, files and the journal")
    mode: Line = Field(description="robot, progressive, predictive, preview or manual")
    team: Line = Field(description="team that owns it")


class CampaignChanges(Given):
    """Any keys of a campaign but its id. They hold for calls launched from now on."""

    model_config = ConfigDict(extra="allow", frozen=True)

    @model_validator(mode="after")
    def _something(self) -> "CampaignChanges":
        if not self.model_extra:
            raise ValueError("nothing to change; name at least one key of the campaign")
        if "id" in self.model_extra:
            raise ValueError("the id of a campaign cannot change")
        return self


class UploadOptions(Given):
    """How to read the file; what is not said is found out from the file itself."""

    encoding: Line = Field("", description="utf-8, cp1251, …; empty: found from the bytes")
    delimiter: Line = Field("", description="one character; empty: found from the header")
    region: Line = Field("", description="ISO 3166 code for numbers without country code; empty: configured")
    default_zone: Line = Field("", description="IANA time zone of contacts that tell none; empty: configured")
    language: Line = Field("", description="of contacts that tell none; empty: the campaign's")
    columns: Annotated[str, StringConstraints(pattern=PAIRS, max_length=4000)] = Field(
        "", description="header=meaning pairs, e.g. Tel=phone,FIO=name; empty: headers are recognised"
    )
    source: Line = Field("", description="where the list comes from, shown while it is imported")

    def said(self) -> dict[str, str]:
        """For the importer; `columns` as a JSON object under `mapping`."""
        given = {key: value for key, value in self.model_dump(exclude={"source"}).items() if value}
        columns = given.pop("columns", "")
        if columns:
            pairs = (pair.partition("=") for pair in columns.split(","))
            given["mapping"] = json.dumps(
                {header: meaning for header, _, meaning in pairs}, ensure_ascii=False
            )
        return given


class Login(Given):
    extension: Extension = Field("", description="the phone to call; empty: the configured one")


class Pause(Given):
    reason: Line = Field("", description="e.g. lunch; kept in the journal")


class Dial(Given):
    """A contact of the campaign, or a number (mode manual)."""

    campaign_id: Id
    contact_id: Annotated[str, StringConstraints(pattern=NO_CONTROL, max_length=200)] = ""
    number: Number = Field("", description="E.164 with plus")

    @model_validator(mode="after")
    def _one_of_two(self) -> "Dial":
        if bool(self.contact_id) == bool(self.number):
            raise ValueError("give either contact_id or number")
        return self


class Dispose(Given):
    outcome: Annotated[str, StringConstraints(pattern=r"^[\w.-]{1,64}$")] = Field(
        description="what came of the talk, e.g. promise_to_pay"
    )
    callback_at_s: EpochS = Field(0.0, description="epoch second of an agreed callback; 0: none")
    note: Note = ""


class Transfer(Given):
    number: Target = Field(
        description="E.164 or extension; attended: an empty one completes the transfer begun before"
    )
    attended: bool = False

    @model_validator(mode="after")
    def _somewhere(self) -> "Transfer":
        if not self.number and not self.attended:
            raise ValueError("a blind transfer needs a number")
        return self


class OnOff(Given):
    on: bool


class Supervise(Given):
    agent_id: Id
    extension: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.-]{1,32}$")] = Field(
        description="the supervisor's phone"
    )
    how: Literal["listen", "whisper", "barge", "stop"]


class WhyQuery(Look):
    contact_id: ContactId = Field(description="for ids that hold a slash")


class EventsQuery(Look):
    after: Annotated[int, Field(ge=0, le=2**53)] = Field(
        0, description="send what came after this id; the header Last-Event-ID says the same"
    )


class JournalQuery(Look):
    kind: Line = Field("", description="comma-separated kinds, e.g. cdr,blocked; empty: all")
    since_s: EpochS = Field(0.0, description="epoch second of the first record")
    format: Literal["jsonl", "csv"] = "jsonl"

    def kinds(self) -> frozenset[str] | None:
        return frozenset(kind.strip() for kind in self.kind.split(",") if kind.strip()) or None


def extras(given: Given) -> dict[str, Any]:
    """Everything sent, unknown keys included, for models that allow them."""
    return given.model_dump(exclude_unset=True)
