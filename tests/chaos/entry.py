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
        control, as_made = Control(Path(path)), SystemClock.__init__

        def made(self: SystemClock, speed: float = 1.0) -> None:
            as_made(self, speed)
            true_wall_s = self.wall_s
            self.wall_s = lambda: true_wall_s() + control.step_s

        SystemClock.__init__ = made  # type: ignore[method-assign]
    sabotage.switch_off(os.environ.get(sabotage.ENVIRONMENT, ""))
    return cli.main(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
