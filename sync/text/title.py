"""The title that a text gives itself: `title` in its front matter, else its first heading.

The editor's page derives it from what it shows, by the same rules (`web/src/preview/title.ts`);
`tests/vectors/titles.json` holds both to them.

- Only the beginning of a text counts: whole lines within its first `MAX_HEAD_CHARS` characters.
- Front matter is YAML between a first line `---` and the next line `---` or `...`; it begins with
  a key at once, so that a rule above a text is none.
- A heading is one that the preview shows, in a quotation or a list too, without its markup. HTML
  is not interpreted there, so it makes no heading, and hides none.
- Characters that control or reorder text are left out; a heading of which nothing visible is left
  is passed over.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

from sync.text.newline import BYTE_ORDER_MARK, normalize_newlines

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

MAX_HEAD_CHARS: Final = 4_096
"""The characters at the start of a text that are read."""
MAX_HEADING_CHARS: Final = 500
"""The characters of one heading that are read: on some markup the parser is quadratic."""
MAX_TITLE_CHARS: Final = 200
"""A longer title ends in `…`."""

_FRONT_MATTER: Final = re.compile(
    r"---[ \t]*\n(?P<matter>[^\s#:-][^\n]*:(?=[ \t\n])(?:[^\n]*\n)*?)(?:---|\.\.\.)[ \t]*(?:\n|\Z)"
)
_LEFT_OUT: Final = re.compile(
    "[\u0000-\u0008\u000e-\u001f\u007f-\u0084\u0086-\u009f\u00ad\u061c\u200b\u200e\u200f"
    "\u202a-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]"
)
"""Controls, marks of direction, and what has no width; not the joiners inside emoji and words."""
_SPACES: Final = re.compile(
    r"[\t-\r \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+"
)

_HEADING_MARK: Final = re.compile(r"#|[=-][ \t]*(?:[\r\n]|\Z)")
"""Every heading has one: number signs in front of it, or a line under it that ends like this."""

_INVISIBLE: Final = frozenset({"Cc", "Cf", "Cn", "Co", "Cs", "Mn", "Me", "Zl", "Zp", "Zs"})
_YAML_NULLS: Final = frozenset({"", "~", "null"})


def derive_title(text: str) -> str:
    """Return the title that `text` gives itself, 0 to `MAX_TITLE_CHARS` characters; '' is none."""
    head = title_head(text)
    found = _FRONT_MATTER.match(head)
    if found is None:
        return _first_heading(head)
    return clean_title(_yaml_title(found["matter"])) or _first_heading(head[found.end() :])


def title_head(text: str) -> str:
    """Return the part of `text` that its title depends on: equal parts have equal titles."""
    marks = len(text) - len(text.lstrip(BYTE_ORDER_MARK))
    head = normalize_newlines(text[marks : marks + MAX_HEAD_CHARS])
    if marks + MAX_HEAD_CHARS >= len(text):
        return head
    return head[: head.rfind("\n") + 1] or head


def clean_title(title: str) -> str:
    """Return `title` on one line, shortened, without characters that control or reorder text."""
    # Spaces first: some of the controls among them separate words.
    words = _LEFT_OUT.sub("", _SPACES.sub(" ", title))
    title = " ".join(word for word in words.split(" ") if word)
    if not any(map(_is_visible, title)):
        return ""
    return title if len(title) <= MAX_TITLE_CHARS else title[: MAX_TITLE_CHARS - 1] + "…"


def _is_visible(character: str) -> bool:
    return unicodedata.category(character) not in _INVISIBLE


def _first_heading(markdown: str) -> str:
    if _HEADING_MARK.search(markdown) is None:
        return ""
    parser = _parser()
    env: dict[str, Any] = {}
    tokens = parser.parse(markdown, env)
    for opening, inline in pairwise(tokens):
        if opening.type == "heading_open":
            parts: list[Token] = []
            parser.inline.parse(inline.content[:MAX_HEADING_CHARS], parser, env, parts)
            title = clean_title("".join(_plain(parts)))
            if title:
                return title
    return ""


def _plain(parts: Iterable["Token"]) -> Iterator[str]:
    """Yield the text of the parts of a heading; for an image, its description."""
    for part in parts:
        if part.type == "image":
            yield from _plain(part.children or ())
        elif part.type in ("softbreak", "hardbreak"):
            yield " "
        else:
            yield part.content


@cache
def _parser() -> "MarkdownIt":
    # Imported only here: a twentieth of a second that the start need not pay.
    from markdown_it import MarkdownIt

    parser = MarkdownIt("js-default", {"html": False, "linkify": False, "maxNesting": 100})
    # Only the headings' own markup is read, one after the other, up to the first that has a text.
    parser.core.ruler.enableOnly(["normalize", "block"])
    return parser


def _yaml_title(matter: str) -> str:
    """Return the scalar that a mapping has under `title`, as it is written; '' is none.

    The events of the reader are enough. Nothing is constructed, so that no alias is expanded, and
    a date or a number stays what its author wrote.
    """
    # Imported only here, as for Markdown.
    import yaml

    depth, key, is_key = 0, "", True
    try:
        for event in yaml.parse(matter, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
            if isinstance(event, yaml.ScalarEvent) and depth == 1:
                if not is_key and key == "title":
                    plain = event.style not in ("'", '"', "|", ">")
                    return "" if plain and event.value.lower() in _YAML_NULLS else event.value
                key, is_key = (event.value if is_key else ""), not is_key
            elif isinstance(event, yaml.CollectionStartEvent):
                if depth == 0 and not isinstance(event, yaml.MappingStartEvent):
                    return ""
                depth += 1
            elif isinstance(event, yaml.CollectionEndEvent):
                depth -= 1
                if depth == 1:
                    key, is_key = "", not is_key
            elif isinstance(event, yaml.AliasEvent) and depth == 1:
                key, is_key = "", not is_key
    except (yaml.YAMLError, UnicodeError, ValueError):
        # Malformed YAML gives no title.
        return ""
    return ""
