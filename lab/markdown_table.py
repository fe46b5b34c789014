"""Tables, as text for a terminal and for a page."""

from collections.abc import Sequence

Row = Sequence[str | int | float]


def render_table(head: Row, rows: Sequence[Row]) -> str:
    """Return a Markdown table whose columns are as wide as they need to be."""
    cells = [[_cell(each) for each in row] for row in (head, *rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(head))]
    is_number = [
        all(not isinstance(row[column], str) for row in rows) for column in range(len(head))
    ]
    lines = [
        "| "
        + " | ".join(
            cell.rjust(width) if right else cell.ljust(width)
            for cell, width, right in zip(row, widths, is_number, strict=True)
        )
        + " |"
        for row in cells
    ]
    rule = "|".join(
        "-" * (width + 1) + (":" if right else "-")
        for width, right in zip(widths, is_number, strict=True)
    )
    return "\n".join([lines[0], f"|{rule}|", *lines[1:]])


def _cell(value: str | float) -> str:
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value:,.1f}" if isinstance(value, float) else value
