"""The rejects file: the rows that did not go in, as they stood, with what is wrong beside them.

It has the delimiter of the original and its columns first, so that it can be mended and imported as it is.
"""

import csv
from collections.abc import Iterable, Iterator, Sequence

from engine.domain.contact import RowError

EXTRA = ("reject_line", "reject_column", "reject_problem", "reject_fix")


def reject_lines(errors: Iterable[RowError], header: Sequence[str], delimiter: str) -> Iterator[str]:
    """The file, line by line (a row with line breaks inside is one of these lines); the header comes first.

    A row longer than the header is cut to it: what is over is named in the problem.
    """
    lines = _Lines()
    writer = csv.writer(lines, delimiter=delimiter, lineterminator="\r\n")
    writer.writerow([*header, *EXTRA])
    yield lines.last
    width = len(header)
    for error in errors:
        row = [*error.row[:width], *[""] * (width - len(error.row))]
        writer.writerow([*row, error.line, error.column, error.problem, error.fix])
        yield lines.last


class _Lines:
    """What the csv module writes to: keeps the last line."""

    last = ""

    def write(self, line: str) -> int:
        self.last = line
        return len(line)
