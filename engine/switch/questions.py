"""Questions to the switch, as the text of an order, and what their answers mean. Pure."""

import re

from engine.switch.quoting import leg, plain, word


def exists(leg_id: str) -> str:
    """Answered "true" or "false"."""
    return f"uuid_exists {leg(leg_id)}"


def dump(leg_id: str) -> str:
    return f"uuid_dump {leg(leg_id)} json"


def file_exists(path: str) -> str:
    """Answered "true" or "false"; true also for a directory and an empty file."""
    return f"file_exists {plain(path)}"


def gateway_status(gateway: str) -> str:
    return f"sofia xmlstatus gateway {word(gateway)}"


def status_in(answer: str) -> str:
    """UP or DOWN from the answer to `gateway_status`; empty where the switch does not know the gateway."""
    found = re.search("<status>([^<]*)</status>", answer)
    return found[1] if found else ""
