"""The program. gevent takes over sockets and clocks here, before anything else is imported, and only here."""

import os

os.environ.setdefault(
    "OPENBLAS_NUM_THREADS", "1"
)  # numpy's products here are small: threads of its own cost more

from gevent import monkey

monkey.patch_all()

import sys  # noqa: E402 (everything below must see the patched world)

from engine import cli  # noqa: E402


def main() -> int:
    """The console script `prozvon`; the exit code."""
    return cli.main(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
