"""Bytes of a CSV file → records with the line they begin on. Encoding and delimiter are found, not asked.

Nothing in a file can stop the reading: what is no record is told as a problem, and the next line is tried.
"""

import codecs
import csv
from collections import Counter, deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise

from engine.domain.errors import ConfigError

MOST_FIELD = 10_000  # characters
MOST_LINE = 1_000_000
MOST_RECORD_LINES = 100  # a quote that stays open for longer was meant as a character
DELIMITERS = ",;\t|"
_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


@dataclass(frozen=True, slots=True)
class Record:
    """`line`: physical, from 1. `problem`, `fix`: set when the cells cannot be trusted."""

    line: int
    cells: list[str]
    problem: str = ""
    fix: str = ""


class TextOf:
    """Chunks of bytes → chunks of text. While all is ASCII the encoding is open; the first other byte
    decides.

    `encoding`: what was found, "utf-8" until then. Bytes that do not fit become U+FFFD.
    """

    def __init__(self, chunks: Iterable[bytes], encoding: str = "") -> None:
        self.encoding = text_encoding(encoding) if encoding else "utf-8"
        self._chunks = iter(chunks)
        self._fixed = bool(encoding)

    def __iter__(self) -> Iterator[str]:
        first = b""
        for chunk in self._chunks:
            first += chunk
            if len(first) >= 4:
                break
        for bom, encoding in _BOMS:
            if first.startswith(bom):
                self.encoding, self._fixed, first = encoding, True, first[len(bom) :]
                break
        decoder = codecs.getincrementaldecoder(self.encoding)("replace")
        for chunk in self._with(first):
            if not self._fixed and not chunk.isascii():
                self.encoding, self._fixed = guess_encoding(chunk), True
                decoder = codecs.getincrementaldecoder(self.encoding)("replace")
            yield decoder.decode(chunk)
        yield decoder.decode(b"", True)

    def _with(self, first: bytes) -> Iterator[bytes]:
        yield first
        yield from self._chunks


def text_encoding(name: str) -> str:
    """An encoding that a file can be in, by a name that needs no byte-order mark. ConfigError: no such.

    Refuses codecs of Python that are none of text (zip, idna), and those that make lone surrogates out of
    plain letters (unicode_escape, utf-7): no store and no JSON takes them.
    """
    try:
        "".encode(name)  # refuses what is no text
        plain = {"utf-16": "utf-16-le", "utf-32": "utf-32-le"}.get(codecs.lookup(name).name, name)
        decode = codecs.getincrementaldecoder(plain)
        if not any("\ud800" in decode("replace").decode(forged) for forged in _FORGED):
            return plain
    except (LookupError, ValueError):
        pass  # told below, as the others
    raise ConfigError(f"unknown encoding {name[:40]!r}", "", "Such as utf-8, cp1251 or cp1250.") from None


_FORGED = (b"name", b"\\ud800 ", b"+2AA- ")  # the first for codecs that cannot replace

_POLISH = frozenset("ąłśżźĄŁŚŻŹ".encode("cp1250")) - frozenset("№".encode("cp1251"))
_BOTH = frozenset("ćęńóĆĘŃÓ".encode("cp1250"))  # in cp1251: жксуЖКСУ


def guess_encoding(sample: bytes) -> str:
    """UTF-8 if it is that; else cp1251 (Russian) or cp1250 (Polish), by the letters that only one has.

    Where those say nothing: a Russian word is a run of bytes above 127, a Polish one has one here and there.
    """
    try:
        codecs.getincrementaldecoder("utf-8")().decode(sample)
    except UnicodeDecodeError:
        counts = Counter(sample)
        russian = sum(times for byte, times in counts.items() if byte >= 0xC0 and byte not in _BOTH)
        polish = sum(counts[byte] for byte in _POLISH)
        if russian == polish:
            russian = sum(one > 127 and other > 127 for one, other in pairwise(sample))
            polish = sum(counts[byte] for byte in _BOTH) // 2
        return "cp1251" if russian > polish else "cp1250"
    return "utf-8"


def lines_of(texts: Iterable[str]) -> Iterator[str]:
    """Lines with their ends, split at \\n, or at \\r where a file knows no other. An endless line is cut."""
    rest, old_mac, seen = "", False, False
    for text in texts:
        if not seen and text:
            seen, old_mac = True, "\r" in text[:-1] and "\n" not in text
        if old_mac:
            text = text.replace("\r", "\n")
        pieces = (rest + text).split("\n")
        rest = pieces.pop()
        if len(rest) > MOST_LINE:
            rest = rest[: MOST_LINE + 1]
        for piece in pieces:
            yield piece + "\n"
    if rest:
        yield rest


def find_delimiter(header: str) -> str:
    """The candidate that parts the header most often, outside quotes."""
    plain = "".join(header.split('"')[::2])
    counts = Counter({delimiter: plain.count(delimiter) for delimiter in DELIMITERS})
    best, times = counts.most_common(1)[0]
    return best if times else ","


class _TooLong(Exception):
    """A record runs over more lines than any real one."""


class Records:
    """Records of one file. `header_line` and `delimiter` are known after the first record."""

    def __init__(self, chunks: Iterable[bytes], encoding: str = "", delimiter: str = "") -> None:
        self.text = TextOf(chunks, encoding)
        self._lines = lines_of(self.text)
        self._put_back: deque[str] = deque()
        self._taken: list[str] = []
        self._line = 0
        if delimiter and (len(delimiter) > 1 or delimiter in '"\r\n\0 '):
            raise ConfigError(f"no delimiter: {delimiter[:10]!r}", "", "One character, such as , or ;")
        self.delimiter = delimiter

    def __iter__(self) -> Iterator[Record]:
        if not self._begin():
            return
        reader = self._reader()
        while True:
            self._taken.clear()
            start = self._line + 1
            try:
                cells = next(reader)
            except StopIteration:
                return
            except (_TooLong, csv.Error) as error:
                yield self._broken(start, error)
                reader = self._reader()
                continue
            if cells:
                yield self._checked(start, cells)

    def _begin(self) -> bool:
        """Find the delimiter in the first line that has anything; Excel's `sep=;` says it outright."""
        while (line := self._next_line()) is not None:
            if line.startswith("sep=") and len(line.strip()) == 5:
                self.delimiter = self.delimiter or line[4]
                continue
            if line.strip():
                self.delimiter = self.delimiter or find_delimiter(line)
                self._put_back.appendleft(line)
                self._line -= 1
                return True
        return False

    def _reader(self) -> Iterator[list[str]]:
        return csv.reader(self._feed(), delimiter=self.delimiter, strict=True)

    def _feed(self) -> Iterator[str]:
        while (line := self._next_line()) is not None:
            self._taken.append(line)
            if len(self._taken) > MOST_RECORD_LINES:
                raise _TooLong
            yield line

    def _next_line(self) -> str | None:
        line = self._put_back.popleft() if self._put_back else next(self._lines, None)
        if line is not None:
            self._line += 1
        return line

    def _broken(self, start: int, error: Exception) -> Record:
        """Give back all lines but the first: the next record may begin on the second."""
        first, *others = self._taken
        self._put_back.extendleft(reversed(others))
        self._line -= len(others)
        cells = [cell.strip('" ') for cell in first[: MOST_FIELD * 10].rstrip("\r\n").split(self.delimiter)]
        if isinstance(error, _TooLong) or "unexpected end" in str(error):
            return Record(
                start, cells, "a quote is opened and never closed", 'Close it, or write it twice: "".'
            )
        if "field larger" in str(error):
            return Record(start, cells, "a field is too long", f"At most {MOST_FIELD} characters.")
        return Record(
            start, cells, f"not a row of a CSV file: {error}", 'Inside quotes, write a quote as "".'
        )

    def _checked(self, start: int, cells: list[str]) -> Record:
        text = self._taken[0] if len(self._taken) == 1 else "".join(self._taken)
        if "\0" in text:
            fix = "Export the file again as UTF-8 or UTF-16 with a byte-order mark."
            return Record(start, cells, "a NUL byte in the row", fix)
        if "\ufffd" in text:
            fix = "Export the file again as UTF-8, or name its encoding."
            return Record(start, cells, f"bytes that are not {self.text.encoding}", fix)
        if len(text) > MOST_FIELD and any(len(cell) > MOST_FIELD for cell in cells):
            return Record(start, cells, "a field is too long", f"At most {MOST_FIELD} characters.")
        return Record(start, cells)
