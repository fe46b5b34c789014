"""The refusals of use cases that the socket protocol has no code for."""

from enum import StrEnum


class ServiceCode(StrEnum):
    """A reason that only requests know; otherwise it is a `sync.error.ErrorCode`."""

    UNKNOWN_VERSION = "unknown_version"
    UNKNOWN_NAME = "unknown_name"
    NAME_TAKEN = "name_taken"
    TEXT_ROOT_DECIDED = "text_root_decided"
    NOT_RESTORABLE = "not_restorable"
    UNKNOWN_USER = "unknown_user"
    UNKNOWN_INVITATION = "unknown_invitation"
    UNKNOWN_SESSION = "unknown_session"
    LAST_OPERATOR = "last_operator"
    TOO_MANY = "too_many"
    UNKNOWN_LINK = "unknown_link"
    UNKNOWN_IMAGE = "unknown_image"
    NO_IMAGE = "no_image"
    IMAGES_FULL = "images_full"
    STORAGE_FULL = "storage_full"
    HISTORY_DAMAGED = "history_damaged"
    HISTORY_THINNED = "history_thinned"
    SEARCH_TOO_SLOW = "search_too_slow"
    UNUSABLE_FILE = "unusable_file"
    UNKNOWN_WEBHOOK = "unknown_webhook"
    UNKNOWN_DELIVERY = "unknown_delivery"
    DOCUMENT_READ_ONLY = "document_read_only"


class ServiceError(Exception):
    """A use case is refused.

    Args:
        detail: one sentence, fit for whoever asked.
    """

    def __init__(self, code: ServiceCode, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail
