"""How a SIP answer becomes a hangup cause, as measured on FreeSWITCH 1.11."""

from dataclasses import dataclass

# SIP status -> (hangup cause, phrase)
SIP_OUTCOMES: dict[int, tuple[str, str]] = {
    403: ("CALL_REJECTED", "Forbidden"),
    404: ("UNALLOCATED_NUMBER", "Not Found"),
    408: ("RECOVERY_ON_TIMER_EXPIRE", "Request Timeout"),
    410: ("NUMBER_CHANGED", "Gone"),
    480: ("NO_USER_RESPONSE", "Temporarily Unavailable"),
    484: ("INVALID_NUMBER_FORMAT", "Address Incomplete"),
    486: ("USER_BUSY", "Busy Here"),
    488: ("INCOMPATIBLE_DESTINATION", "Not Acceptable Here"),
    500: ("NORMAL_TEMPORARY_FAILURE", "Server Internal Error"),
    502: ("NETWORK_OUT_OF_ORDER", "Bad Gateway"),
    503: ("NORMAL_TEMPORARY_FAILURE", "Service Unavailable"),
    600: ("USER_BUSY", "Busy Everywhere"),
    603: ("CALL_REJECTED", "Decline"),
    604: ("NO_ROUTE_DESTINATION", "Does Not Exist Anywhere"),
}

CAUSE_OF_Q850: dict[int, str] = {
    1: "UNALLOCATED_NUMBER",
    3: "NO_ROUTE_DESTINATION",
    16: "NORMAL_CLEARING",
    17: "USER_BUSY",
    18: "NO_USER_RESPONSE",
    19: "NO_ANSWER",
    20: "SUBSCRIBER_ABSENT",
    21: "CALL_REJECTED",
    22: "NUMBER_CHANGED",
    25: "EXCHANGE_ROUTING_ERROR",
    27: "DESTINATION_OUT_OF_ORDER",
    28: "INVALID_NUMBER_FORMAT",
    29: "FACILITY_REJECTED",
    31: "NORMAL_UNSPECIFIED",
    34: "NORMAL_CIRCUIT_CONGESTION",
    38: "NETWORK_OUT_OF_ORDER",
    41: "NORMAL_TEMPORARY_FAILURE",
    42: "SWITCH_CONGESTION",
    88: "INCOMPATIBLE_DESTINATION",
    102: "RECOVERY_ON_TIMER_EXPIRE",
}
_Q850_OF_CAUSE = {cause: code for code, cause in CAUSE_OF_Q850.items()}

# Causes of FreeSWITCH's own making; in `variable_hangup_cause_q850` each of them is written 16.
OWN_CAUSES = frozenset(
    {
        *("ALLOTTED_TIMEOUT", "ATTENDED_TRANSFER", "BLIND_TRANSFER", "CRASH", "GATEWAY_DOWN"),
        *("INVALID_GATEWAY", "INVALID_PROFILE", "INVALID_URL", "LOSE_RACE", "MANAGER_REQUEST"),
        *("MEDIA_TIMEOUT", "NO_PICKUP", "ORIGINATOR_CANCEL", "PICKED_OFF", "PROGRESS_TIMEOUT"),
        *("SYSTEM_SHUTDOWN", "USER_CHALLENGE", "USER_NOT_REGISTERED"),
    }
)


def q850(cause: str) -> int:
    """The number FreeSWITCH writes for a cause in `variable_hangup_cause_q850`."""
    return _Q850_OF_CAUSE.get(cause, 16)


def known_cause(name: str, default: str = "NORMAL_CLEARING") -> str:
    """The cause a command named, in capitals or as a Q.850 number; `default` for what is not one."""
    if name.isdigit():
        return CAUSE_OF_Q850.get(int(name), default)
    name = name.upper()
    return name if name in _Q850_OF_CAUSE or name in OWN_CAUSES else default


@dataclass(frozen=True, slots=True)
class Refusal:
    """The far end said no. `q850`: cause of a `Reason: Q.850` header, 0 without one; it wins over `sip`."""

    sip: int
    q850: int = 0

    @property
    def cause(self) -> str:
        if self.q850:
            return CAUSE_OF_Q850.get(self.q850, "NORMAL_UNSPECIFIED")
        return SIP_OUTCOMES.get(self.sip, ("NORMAL_UNSPECIFIED", ""))[0]

    @property
    def phrase(self) -> str:
        return SIP_OUTCOMES.get(self.sip, ("", "Refused"))[1]
