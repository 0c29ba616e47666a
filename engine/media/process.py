"""The media process: `prozvon worker media`. It hears forked calls and says who picked up.

The switch calls it (SIP over UDP, one call for each fork, the attempt's id in X-Prozvon-Attempt), sends the
callee's sound (RTP, G.711), and the engine reads verdicts from the control socket, a line of JSON each:

    {"event":"verdict","fork_id":"…","attempt_id":"…","verdict":"person","at_ms":1840,"details":{…}}
    {"event":"beep","fork_id":"…","attempt_id":"…","began_ms":5210,"ended_ms":5600,"hz":1000.0,"at_ms":5640}
    {"event":"ended","fork_id":"…","attempt_id":"…","why":"ended","packets":412,"lost":0,"late":0,"junk":0}

`verdict`: person, machine, fax, announcement; event `revised`: the one before is taken back. `at_ms`: since
the first sound after the answer. With `early` in X-Prozvon-Listen the network is listened to, and event
`announcement` tells what it said, until we are told of the answer; with `keep` the sound is kept. Told to us:

    {"do":"answered","fork_id":"…"}
    {"do":"tap","fork_id":"…","attempt_id":"…","name":"…","law":"PCMA","listen":"keep"}
    {"do":"close","fork_id":"…"}

A tap hears the file NAME-in.PCMA in the folder of taps as the switch writes it, until it is closed.
"""

import argparse
import logging
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from engine.media.ears import Folders
from engine.media.listener import Listener, Places


def run(argv: Sequence[str]) -> int:
    """Serve until SIGTERM or SIGINT. Returns the exit code: 0, or 2 when an address cannot be had."""
    options = _parser().parse_args(argv)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    folders = Folders(options.fingerprints, options.evidence, options.taps)
    places = Places(options.host, options.sip_port, options.rtp_first, options.rtp_last, folders)
    try:
        listener = Listener(places, options.control)
    except OSError as error:
        print(f"prozvon worker media: {options.host}:{options.sip_port}: {error}", file=sys.stderr)
        return 2
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: listener.stop())
    where = f"{options.host}:{listener.sip_port}"
    print(f"media process on {where}, control {listener.control.address}", flush=True)
    listener.serve()
    return 0


def _parser() -> argparse.ArgumentParser:
    about, _, more = __doc__.partition("\n")
    parser = argparse.ArgumentParser(
        prog="prozvon worker media",
        description=about,
        epilog=more,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--host", default="127.0.0.1", help="address the switch sends to (%(default)s)")
    add("--sip-port", type=int, default=5095, help="UDP port, 0 for any free one (%(default)s)")
    add("--rtp-first", type=int, default=21_000, help="first UDP port for sound (%(default)s)")
    add("--rtp-last", type=int, default=21_999, help="last UDP port for sound (%(default)s)")
    add("--fingerprints", type=Path, metavar="DIR", help="known announcements of networks")
    add("--evidence", type=Path, metavar="DIR", help="where the sound of sampled calls is kept")
    add("--taps", type=Path, metavar="DIR", help="where the switch writes calls that are heard by file")
    add(
        "--control",
        required=True,
        metavar="PATH|PORT",
        help="unix socket, or TCP port on loopback, 0 for any",
    )
    return parser


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
