"""sync.yjs.native: a panic of the library means a broken replica; an end of the process passes."""

import pytest

from sync.yjs.native import Doc, ReplicaBrokenError, guarded


def test_failure_of_the_library_says_that_the_replica_is_broken() -> None:
    with pytest.raises(ReplicaBrokenError):
        guarded(lambda: Doc().apply_update(b"\x01\x01\x05"))
    assert guarded(lambda: 7) == 7


@pytest.mark.parametrize("end", [KeyboardInterrupt, SystemExit, GeneratorExit])
def test_end_of_the_process_goes_through(end: type[BaseException]) -> None:
    def stop() -> None:
        raise end

    with pytest.raises(end):
        guarded(stop)
