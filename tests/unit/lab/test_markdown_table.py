"""Tables are Markdown, with numbers on the right."""

from lab.markdown_table import render_table


def test_columns_are_as_wide_as_their_widest_cell() -> None:
    assert render_table(("what", "n"), [("edits", 1_000), ("x", 7)]).splitlines() == [
        "| what  |     n |",
        "|-------|------:|",
        "| edits | 1,000 |",
        "| x     |     7 |",
    ]
