"""What a network says instead of connecting us, and what that makes of the attempt."""

from engine.domain.attempt import Disposition

MEANINGS: dict[str, Disposition | None] = {
    "unreachable": Disposition.UNREACHABLE,  # switched off, no coverage
    "dead_number": Disposition.DEAD_NUMBER,  # not in service, changed, wrongly dialed
    "busy": Disposition.BUSY,
    "rejected": Disposition.REJECTED,  # barred, or the person lets nobody through
    "congestion": Disposition.CONGESTION,  # all circuits busy
    "voicemail": Disposition.MACHINE,  # the mailbox is about to take the call
    "announcement": Disposition.ANNOUNCEMENT,  # something else that is no person
    "ringback": None,  # music or advertising while it rings: it goes on ringing
}
"""By meaning, the disposition of an attempt whose network said so; None: nothing, it rings."""


def ends_the_call(means: str) -> bool:
    """Nobody will pick up after this has been said."""
    return MEANINGS.get(means) is not None
