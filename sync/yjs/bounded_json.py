"""JSON from peers inside binary messages, read as JavaScript and Rust both would read it.

Python's own parser accepts NaN, numbers that overflow to infinity, half a surrogate pair as an
escape, and nesting until its stack is full. serde (in yrs) and JSON.parse refuse these or disagree.
"""

import json
import math
import re
from typing import Final, Never

from sync.yjs.varint import MalformedError

MAX_DEPTH: Final = 32

_MAX_DIGITS: Final = 400
# Possessive, and the closing quote optional: it always matches, so it is never tried again from
# each quote inside an unterminated string (quadratic).
_STRING: Final = re.compile(r'"(?:[^"\\]++|\\.)*+"?', re.DOTALL)


def _refuse_constant(name: str) -> Never:
    raise MalformedError(f"{name} is not JSON")


def _finite(literal: str) -> float:
    value = float(literal)
    if not math.isfinite(value):
        raise MalformedError("a JSON number is out of range")
    return value


def _integer(literal: str) -> int:
    if len(literal) > 15:
        if len(literal) > _MAX_DIGITS:
            raise MalformedError("a JSON number is out of range")
        _finite(literal)
    return int(literal)


_decoder: Final = json.JSONDecoder(
    parse_constant=_refuse_constant, parse_float=_finite, parse_int=_integer
)


def _depth(text: str) -> int:
    depth = deepest = 0
    for char in _STRING.sub("", text):
        if char in "[{":
            depth += 1
            deepest = max(deepest, depth)
        elif char in "]}":
            depth -= 1
    return deepest


def parse_json(text: str, max_depth: int = MAX_DEPTH) -> object:
    """Return the value of `text`, or raise `MalformedError`.

    Bounded: nesting of at most `max_depth` arrays and objects, finite numbers, no lone surrogates.
    """
    if text.count("[") + text.count("{") > max_depth and _depth(text) > max_depth:
        raise MalformedError(f"JSON is nested more than {max_depth} deep")
    try:
        value: object = _decoder.decode(text)
        if "\\u" in text:
            json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise MalformedError("JSON holds half a surrogate pair") from None
    except json.JSONDecodeError:
        raise MalformedError("a value is not valid JSON") from None
    return value
