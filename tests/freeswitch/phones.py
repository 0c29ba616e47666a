"""Agents' phones: baresip, registered to the profile `internal`, answering by itself, sending a tone."""

import subprocess
from dataclasses import dataclass, field
from pathlib import Path

MODULES = "/usr/lib/baresip/modules"


@dataclass
class Phone:
    """`dial`: how the switch calls it. `tone_hz`: what it says all the time."""

    extension: str
    tone_hz: float
    home: Path
    port: int
    _process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    @property
    def dial(self) -> str:
        return f"user/{self.extension}"

    def start(self, registrar: str, password: str, rtp_ports: str) -> None:
        self.home.mkdir(parents=True, exist_ok=True)
        (self.home / "accounts").write_text(
            f"<sip:{self.extension}@{registrar};transport=udp>;auth_pass={password};answermode=auto;regint=300\n"
        )
        modules = ("g711.so", "ausine.so", "aubridge.so")
        config = [f"module_path {MODULES}", *(f"module {name}" for name in modules)]
        config += ["module_tmp account.so", "module_app menu.so", f"sip_listen 127.0.0.1:{self.port}"]
        config += [
            f"audio_source ausine,{self.tone_hz:.0f}",
            "audio_player aubridge,ear",
            "audio_alert aubridge,bell",
        ]
        config += ["ausrc_srate 48000", "auplay_srate 8000", "ausrc_channels 2", "auplay_channels 1"]
        config += [f"rtp_ports {rtp_ports}", "rtp_timeout 0", "call_max_calls 4"]
        (self.home / "config").write_text("\n".join(config) + "\n")
        with (self.home / "output.txt").open("wb") as output:
            self._process = subprocess.Popen(
                ["baresip", "-f", str(self.home)],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def stop(self) -> None:
        """The orderly way: hang up, unregister, end."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(5)
        self._process = None

    def kill(self) -> None:
        """The plug is pulled: no BYE, no unregistration."""
        assert self._process is not None
        self._process.kill()
        self._process.wait(5)
        self._process = None
