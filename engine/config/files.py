"""Text files that the configuration names, read without being caught by what is no plain file."""

from pathlib import Path

from engine.domain.errors import ConfigError


def text_of(path: Path, what: str, fix: str = "", most_bytes: int = 8 * 1024 * 1024) -> str:
    """All of it, as UTF-8. ConfigError: it cannot be read, is no text, is too long, or is a pipe or a device,
    which would hold up everything that runs."""
    try:
        if path.stat() and not (path.is_file() or path.is_dir()):
            raise ConfigError(f"{what} cannot be read: it is a pipe or a device", str(path), fix)
        with path.open("rb") as file:
            content = file.read(most_bytes + 1)
        if len(content) > most_bytes:
            raise ConfigError(f"{what} is longer than {most_bytes} bytes", str(path), "Split the file.")
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConfigError(
            f"{what} is not UTF-8 at byte {error.start}", str(path), "Save it as UTF-8."
        ) from None
    except OSError as error:
        raise ConfigError(f"{what} cannot be read: {error.strerror}", str(path), fix) from None
