"""A section of the page of proofs is replaced, and nothing else."""

import pytest

from lab.proof_page import put_section

PAGE = "# Proof\n\n<!-- begin crash -->\nold\n<!-- end crash -->\n\nThe end.\n"


def test_section_is_replaced_and_the_rest_kept() -> None:
    page = put_section(PAGE, "crash", "new \\1 text\n")
    assert page == "# Proof\n\n<!-- begin crash -->\nnew \\1 text\n<!-- end crash -->\n\nThe end.\n"
    assert put_section(page, "crash", "old") == PAGE


def test_page_without_a_place_for_it_is_refused() -> None:
    with pytest.raises(ValueError, match="fuzz"):
        put_section(PAGE, "fuzz", "new")
