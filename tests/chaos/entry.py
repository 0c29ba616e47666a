"""The engine as ever, with a clock that can be stepped and, for the proofs that chaos notices, one safeguard
switched off. Only the chaos starts this; nothing of it is in the shipped program."""

from gevent import monkey

monkey.patch_all()

import os  # noqa: E402 (everything below must see the patched world)
import sys  # noqa: E402
from pathlib import Path  # noqa: E402

from engine import cli  # noqa: E402
from engine.app.runtime import SystemClock  # noqa: E402
from tests.chaos import sabotage  # noqa: E402
from tests.chaos.control import ENVIRONMENT, Control  # noqa: E402


def main() -> int:
    if path := os.environ.get(ENVIRONMENT):
        control, true_wall_s = Control(Path(path)), SystemClock.wall_s
        SystemClock.wall_s = lambda self: true_wall_s(self) + control.step_s  # type: ignore[method-assign]
    sabotage.switch_off(os.environ.get(sabotage.ENVIRONMENT, ""))
    return cli.main(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
