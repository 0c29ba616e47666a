"""What we ask of the switch about sound: recordings, copies, whispers, keys. `orders` has the rest."""

import re

from engine.domain.errors import SwitchError
from engine.switch.quoting import leg, quoted


def record(leg_id: str, path: str) -> str:
    """Stereo, left the leg itself and right its peer; goes on through park and transfer."""
    options = "{RECORD_STEREO=true,enable_file_write_buffering=false}"
    return f"uuid_record {leg(leg_id)} start {quoted(path)} 0 {options}"


def tap(leg_id: str, path: str, most_s: float) -> str:
    """The far end's octets as they come, unbuffered, to PATH-in.CODEC; ends by itself after `most_s`."""
    options = "{enable_file_write_buffering=false,RECORD_READ_ONLY=true}"
    return f"uuid_record {leg(leg_id)} start {quoted(path)} {max(1, round(most_s))} {options}"


def stop_recording(leg_id: str, path: str) -> str:
    return f"uuid_record {leg(leg_id)} stop {quoted(path)}"


def mask_recording(leg_id: str, path: str, *, on: bool) -> str:
    """Silence instead of both voices while card digits are said; the time is kept."""
    return f"uuid_record {leg(leg_id)} {'mask' if on else 'unmask'} {quoted(path)}"


def whisper(leg_id: str, sound: str) -> str:
    """Mix a sound into what this leg hears, at once and unheard by its peer (agent's tone, a name)."""
    return f"uuid_displace {leg(leg_id)} start {quoted(sound)} 0 mux"


def speak_over(leg_id: str, sound: str) -> str:
    """This leg hears the sound instead of its peer until it ends; the peer goes on hearing this leg."""
    return f"uuid_displace {leg(leg_id)} start {quoted(sound)} 0"


def mute(leg_id: str, *, on: bool) -> str:
    """Silence what this leg says."""
    return f"uuid_audio {leg(leg_id)} start read mute -4" if on else f"uuid_audio {leg(leg_id)} stop"


def stop_sound(leg_id: str, *, all_queued: bool = True) -> str:
    """End the running prompt; `all_queued`: and drop those that wait (they give no StepDone)."""
    return f"uuid_break {leg(leg_id)}{' all' if all_queued else ''}"


def send_digits(leg_id: str, digits: str) -> str:
    if not re.fullmatch(r"[0-9A-D*#wW]{1,64}", digits):
        raise SwitchError("not keys of a telephone", repr(digits[:20]))
    return f"uuid_send_dtmf {leg(leg_id)} {digits}"
