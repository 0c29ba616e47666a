"""config.yaml: strict models, one error for everything wrong, reload that changes nothing when it cannot."""

from engine.config.convert import agents_of, campaign_of, campaigns_of
from engine.config.files import text_of
from engine.config.load import load, read, read_campaign
from engine.config.models import Config
from engine.config.reload import Reloader

__all__ = [
    "Config",
    "Reloader",
    "agents_of",
    "campaign_of",
    "campaigns_of",
    "load",
    "read",
    "read_campaign",
    "text_of",
]
