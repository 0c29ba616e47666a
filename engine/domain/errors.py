"""One tree of errors. Each says what is wrong, where, and how to mend it."""


class DialerError(Exception):
    """`what` went wrong, `where` (file:line, key, call, address), and the `fix` a person can apply."""

    def __init__(self, what: str, where: str = "", fix: str = "") -> None:
        self.what, self.where, self.fix = what, where, fix
        place = f" ({where})" if where else ""
        super().__init__(f"{what}{place}. {fix}".rstrip() if fix else f"{what}{place}")


class ConfigError(DialerError):
    """config.yaml or a scenario cannot be used; found before use, never during a call."""


class UnexpectedFact(DialerError):
    """A fact arrived in a state that has no arrow for it. The call goes on; the arrow wants drawing."""


class SwitchError(DialerError):
    """The switch refused a command."""


class SwitchGone(SwitchError):
    """The connection to the switch is down, or a command missed its deadline."""


class StoreError(DialerError):
    """The store cannot be reached, or answered something that cannot be."""


class Fenced(StoreError):
    """Another engine owns this team now: its token is higher than ours. Stop dialing for the team."""


class ProtocolError(DialerError):
    """A peer sent bytes that are not the protocol."""
