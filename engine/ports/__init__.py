"""The engine's edges as protocols. Each has an adapter and a twin in memory; one suite runs on both."""

from engine.ports.store import (
    ContactStore,
    ImportCount,
    IntentBook,
    Lease,
    LineAsk,
    Lines,
    LineSlice,
    OpenAttempt,
    QueueSizes,
)
from engine.ports.surroundings import Clock, Journal, Tasks, Timers
from engine.ports.switch import Dial, LegRecord, LiveLeg, SafetyNet, Switch

__all__ = [
    "Clock",
    "ContactStore",
    "Dial",
    "ImportCount",
    "IntentBook",
    "Journal",
    "Lease",
    "LegRecord",
    "LineAsk",
    "LineSlice",
    "Lines",
    "LiveLeg",
    "OpenAttempt",
    "QueueSizes",
    "SafetyNet",
    "Switch",
    "Tasks",
    "Timers",
]
