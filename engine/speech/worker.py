"""The process that speaks: `prozvon worker tts`. One line of JSON in, one line out, in order.

    {"text": "Hello", "language": "en", "voice": ""}   →   {"path": "/…/ab/ab….wav", "ms": 12.5}
                                                       or  {"error": "espeak-ng has no voice …"}
It ends when its input does, and is nice to everybody: rendering never takes the engine's processor.
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from engine.domain.errors import DialerError
from engine.domain.prompt import Spoken
from engine.speech.cache import SpeechCache
from engine.speech.tts import Tts

NICE = 10


def run(argv: Sequence[str]) -> int:
    """Serve standard input until it ends. Returns the exit code: 0, or 2 for a wrong command line."""
    parser = argparse.ArgumentParser(prog="prozvon worker tts", description=__doc__.partition("\n")[0])
    parser.add_argument("--cache", type=Path, required=True, help="folder of the wav files")
    parser.add_argument("--provider", default="espeak", help="speech engine")
    parser.add_argument(
        "--voice", action="append", default=[], metavar="LANG=VOICE", help="repeat for each language"
    )
    options = parser.parse_args(argv)
    voices = dict(pair.split("=", 1) for pair in options.voice if "=" in pair)
    os.nice(NICE)
    tts = Tts(SpeechCache(options.cache, voices, options.provider))
    for line in sys.stdin:
        print(json.dumps(answer(tts, line), ensure_ascii=False), flush=True)
    return 0


def answer(tts: Tts, line: str) -> dict[str, Any]:
    """What to say to one line of input; never raises, so that one bad text does not silence the others."""
    began_s = time.perf_counter()
    try:
        asked = json.loads(line)
        path = tts.synth(Spoken(str(asked["text"]), str(asked["language"]), str(asked.get("voice", ""))))
    except DialerError as error:
        return {"error": str(error)}
    except OSError as error:
        return {"error": f"the file cannot be written: {error}"}
    except (ValueError, KeyError, TypeError, AttributeError):
        return {"error": "not a line of JSON with text and language"}
    return {"path": path, "ms": round((time.perf_counter() - began_s) * 1000, 1)}


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
