"""May this person be called now? Rules are data; every path to a call passes the one gate (gate.py)."""

from engine.compliance import after_event, attempt_limit, calling_hours, do_not_call, working_days
from engine.compliance.params import rule_kind

RULES = {
    "do_not_call": rule_kind(do_not_call.Params, do_not_call.DoNotCall),
    "working_days": rule_kind(working_days.Params, working_days.WorkingDays),
    "calling_hours": rule_kind(calling_hours.Params, calling_hours.CallingHours),
    "attempt_limit": rule_kind(attempt_limit.Params, attempt_limit.AttemptLimit),
    "after_event": rule_kind(after_event.Params, after_event.AfterEvent),
}
"""Every rule there is. A new rule is a file and a line here."""
