"""The title that a text gives itself; the same vectors as the page's (`web/test/title.test.ts`)."""

import json
import time
from pathlib import Path
from typing import Any

import pytest

from sync.text.title import (
    MAX_HEAD_CHARS,
    MAX_TITLE_CHARS,
    clean_title,
    derive_title,
    title_head,
)

VECTORS: list[dict[str, Any]] = json.loads(
    (Path(__file__).parents[3] / "vectors" / "titles.json").read_text(encoding="utf-8")
)


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: str(vector["name"]))
def test_title_is_what_the_vectors_say(vector: dict[str, Any]) -> None:
    assert derive_title(vector["text"]) == vector["title"]


def test_title_depends_on_the_head_alone() -> None:
    text = "# Title\n" + "x\n" * MAX_HEAD_CHARS
    assert len(title_head(text)) <= MAX_HEAD_CHARS
    assert derive_title(text) == derive_title(title_head(text)) == "Title"
    assert title_head("\ufeffa\r\nb") == "a\nb"


@pytest.mark.parametrize(
    "text",
    [
        "# " + "[" * 100_000,
        "> " * 100_000,
        "- a\n" * 100_000,
        "---\na: &a [x]\n" + "b: [*a, *a, *a, *a]\n" * 400 + "---\n",
        "---\na: " + "[" * 4_000 + "\n---\n",
        "---\na:\n" + "".join(" " * n + "- a:\n" for n in range(80)) + "---\n",
    ],
)
def test_hostile_text_costs_little(text: str) -> None:
    started = time.process_time()
    derive_title(text)
    assert time.process_time() - started < 2, "unbounded, some of these take minutes"


def test_cleaned_title_stays_clean_and_short() -> None:
    assert clean_title(clean_title("a\u202e \tb")) == "a b"
    assert len(clean_title("é" * 1_000)) == MAX_TITLE_CHARS
