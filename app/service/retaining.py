"""Changing how much of its history a document keeps."""

from app.retention_settings import MAX_RETENTION_DAYS
from app.service.backend import Backend
from app.service.grant import Grant
from app.service.service_error import ServiceCode, ServiceError
from storage.retention.retention_rule import RetentionRule
from sync.error import ErrorCode, QuireError
from sync.permission import Action


async def set_retention(backend: Backend, grant: Grant, rule: RetentionRule | None) -> None:
    """Set the rule of a document; returns after the commit. Old events go soon after that.

    Args:
        rule: None: that of all documents.

    Raises:
        QuireError: `forbidden`: the principal does not own it; `invalid_message`.
        ServiceError: `unknown_version`.
        HistoryThinnedError: the version is gone already.
        StoreError: the store does not answer.
    """
    grant.require(Action.MANAGE)
    document = grant.document
    if rule is not None:
        _check(rule)
        if rule.before_version is not None:
            if rule.before_version > document.version:
                text = f"There is no version {rule.before_version}."
                raise ServiceError(ServiceCode.UNKNOWN_VERSION, text)
            await backend.retention.require_kept(document, rule.before_version)
    if not await backend.retention.rows.set_rule(document.key, rule):
        raise QuireError(ErrorCode.UNKNOWN_DOCUMENT, "There is no such document.")
    backend.retention.changed.set()


def _check(rule: RetentionRule) -> None:
    has_days = rule.days is not None
    has_version = rule.before_version is not None
    fits = {
        "keep": not has_days and not has_version,
        "thin": has_days and not has_version,
        "drop": has_days or has_version,
    }
    if not fits[rule.kind]:
        text = "`keep` has no bound, `thin` takes days, `drop` days or before_version, or both."
        raise QuireError(ErrorCode.INVALID_MESSAGE, text)
    if rule.days is not None and not 1 <= rule.days <= MAX_RETENTION_DAYS:
        text = f"days: from 1 to {MAX_RETENTION_DAYS}."
        raise QuireError(ErrorCode.INVALID_MESSAGE, text)
