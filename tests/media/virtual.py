"""The virtual switch as a program of its own, peopled for screening."""

import os
import subprocess
import sys
from pathlib import Path

import yaml

PERSON, MAILBOX, FAX, NOBODY = "+48600000001", "+48600000002", "+48600000003", "+48600000004"
SWITCHED_OFF, RINGS = "+48600000005", "+48600000006"
ANNOUNCEMENT_S = 12
_STAYS = 3_600
_RUN = "import sys; from engine.sim.program import run; sys.exit(run(sys.argv[1:]))"


class VirtualSwitch:
    """`port`: of its Event Socket, password ClueCon. Everybody picks up at once and stays."""

    def __init__(self, home: Path, codec: str) -> None:
        file = home / "population.yaml"
        calm = {"ring_s": 0, "setup_s": 0.02, "patience_s": _STAYS, "listen_s": _STAYS, "talk_s": _STAYS}
        numbers = {
            PERSON: {"fate": "answer", "greeting_s": 0.8},
            MAILBOX: {"fate": "voicemail", "voicemail_s": 4},
            FAX: {"fate": "fax"},
            NOBODY: {"fate": "busy"},
            SWITCHED_OFF: {"fate": "announcement", "announcement_s": ANNOUNCEMENT_S},
            RINGS: {"fate": "answer", "greeting_s": 0.8, "ring_s": 1.5, "ringback": "183"},
        }
        file.write_text(yaml.safe_dump({"default": calm | {"codec": codec}, "numbers": numbers}))
        self._process = subprocess.Popen(
            [sys.executable, "-c", _RUN, "--port", "0", "--population", str(file)],
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | {"PYTHONUNBUFFERED": "1"},
        )
        assert self._process.stdout is not None
        said = self._process.stdout.readline()
        assert said.startswith("virtual switch on "), said
        self.port = int(said.split(",")[0].rpartition(":")[2])

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(10)
        assert self._process.stdout is not None
        self._process.stdout.close()
