"""Where things lie: for us, and as a switch sees them."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Places:
    """`data`: our data folder, absolute. `media_path`: the same folder as the switch sees it."""

    data: Path
    media_path: str

    def on_switch(self, path: Path | str) -> str:
        """A file under the data folder, by the path the switch knows it by; others as they are."""
        path = Path(path)
        if path.is_relative_to(self.data):
            return str(Path(self.media_path) / path.relative_to(self.data))
        return str(path)

    @property
    def prompts(self) -> Path:
        return self.data / "prompts"

    @property
    def logs(self) -> Path:
        return self.data / "log"
