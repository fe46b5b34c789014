"""Readable names for documents that were created without one."""

import secrets
from typing import Final

_FIRST: Final = (
    "amber bold brisk calm clear coral crisp dusky early fair fern fine fresh gentle golden green "
    "hazel keen kind late light lively lunar mellow mild misty noble north olive open pale plain "
    "quick quiet rapid rosy sandy silent silver slate slow small snowy soft solar south steady "
    "still sunny swift tidy warm west wide wild winter young"
)
_SECOND: Final = (
    "anchor apple arbor bay beacon birch bridge brook canyon cedar cloud comet cove creek dawn "
    "delta dune field finch fjord forest garden glade grove harbor heron hill island ivy lagoon "
    "lake lantern larch leaf maple marsh meadow mill moon moss oak orchard otter pebble pine pond "
    "prairie quarry reef ridge river robin rowan sail shore sparrow spring stone summit thicket "
    "tide valley willow wren"
)
# Without what is easily mistaken for something else.
_TAIL: Final = "23456789abcdefghjkmnpqrstuvwxyz"
_TAIL_CHARS: Final = 8


def readable_name() -> str:
    """A new name such as `calm-harbor-k3v9q2xd`: easy to say, and not to be guessed."""
    tail = "".join(secrets.choice(_TAIL) for _ in range(_TAIL_CHARS))
    return f"{secrets.choice(_FIRST.split())}-{secrets.choice(_SECOND.split())}-{tail}"
