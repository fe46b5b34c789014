"""app.service.naming: names for documents that were created without one."""

from app.service.naming import readable_name
from sync.names import is_document_name


def test_readable_names_are_names_and_differ() -> None:
    names = {readable_name() for _ in range(200)}
    assert len(names) == 200
    assert all(is_document_name(name) for name in names)
