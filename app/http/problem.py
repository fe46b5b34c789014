"""Errors over HTTP: problem documents (RFC 9457) for everything that is refused; for people who
open an address in a browser, the page of the editor with the same status.

`code` is an error code of `quire.v1` where one fits; `ServiceCode` has those of use cases that
sockets do not offer, `HttpCode` the few that only HTTP needs.
"""

import logging
import math
from collections import Counter
from collections.abc import Mapping
from enum import StrEnum
from http import HTTPStatus
from typing import Any, Final, cast

import msgspec
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from app.http.editor_page import editor_page, wants_page
from app.http.refusal_note import note_refusal
from app.service.service_error import ServiceCode, ServiceError
from storage.compaction.history_damage import HistoryDamagedError
from storage.retention.history_thinned import HistoryThinnedError
from sync.error import ErrorCode, QuireError
from sync.port import StoreError

_log = logging.getLogger(__name__)

PROBLEM_MEDIA_TYPE: Final = "application/problem+json"
_MAX_DETAIL_CHARS: Final = 500
_RETRY_AFTER_S: Final = {429: "10", 503: "2"}
_PAGE_HEADERS: Final = ("allow", "retry-after")
"""The headers of a problem document that a page for people keeps."""


class HttpCode(StrEnum):
    """Codes that the socket protocol has no use for."""

    NOT_FOUND = "not_found"
    METHOD_NOT_ALLOWED = "method_not_allowed"
    PRECONDITION_REQUIRED = "precondition_required"
    FOREIGN_ORIGIN = "foreign_origin"
    INTERNAL = "internal"


Code = ErrorCode | ServiceCode | HttpCode

STATUS: Final[dict[Code, int]] = {
    ErrorCode.INVALID_JSON: 422,
    ErrorCode.INVALID_MESSAGE: 422,
    ErrorCode.UNKNOWN_TYPE: 422,
    ErrorCode.AUTH_REQUIRED: 401,
    ErrorCode.AUTH_FAILED: 401,
    ErrorCode.FORBIDDEN: 403,
    ErrorCode.NOT_JOINED: 422,
    ErrorCode.UNKNOWN_DOCUMENT: 404,
    ErrorCode.NOT_CREATED: 404,
    ErrorCode.BASE_UNKNOWN: 409,
    ErrorCode.OUT_OF_RANGE: 422,
    ErrorCode.DUPLICATE_ID: 409,
    ErrorCode.TOO_LARGE: 413,
    ErrorCode.RATE_LIMITED: 429,
    ErrorCode.DOCUMENT_FULL: 413,
    ErrorCode.MALFORMED_UPDATE: 422,
    ErrorCode.READ_ONLY: 503,
    ErrorCode.STORE_UNAVAILABLE: 503,
    HttpCode.NOT_FOUND: 404,
    HttpCode.METHOD_NOT_ALLOWED: 405,
    ServiceCode.UNKNOWN_VERSION: 404,
    ServiceCode.UNKNOWN_NAME: 404,
    ServiceCode.NAME_TAKEN: 409,
    ServiceCode.TEXT_ROOT_DECIDED: 409,
    ServiceCode.NOT_RESTORABLE: 409,
    ServiceCode.UNKNOWN_USER: 404,
    ServiceCode.UNKNOWN_INVITATION: 404,
    ServiceCode.UNKNOWN_SESSION: 404,
    ServiceCode.LAST_OPERATOR: 409,
    ServiceCode.TOO_MANY: 409,
    ServiceCode.UNKNOWN_WEBHOOK: 404,
    ServiceCode.UNKNOWN_DELIVERY: 404,
    ServiceCode.DOCUMENT_READ_ONLY: 403,
    ServiceCode.UNKNOWN_LINK: 404,
    ServiceCode.UNKNOWN_IMAGE: 404,
    ServiceCode.NO_IMAGE: 415,
    ServiceCode.IMAGES_FULL: 413,
    ServiceCode.STORAGE_FULL: 507,
    ServiceCode.HISTORY_DAMAGED: 500,
    ServiceCode.HISTORY_THINNED: 410,
    ServiceCode.SEARCH_TOO_SLOW: 422,
    ServiceCode.UNUSABLE_FILE: 422,
    HttpCode.PRECONDITION_REQUIRED: 428,
    HttpCode.FOREIGN_ORIGIN: 403,
    HttpCode.INTERNAL: 500,
}
"""The status of each code; a test holds that every code has one."""

_OF_STATUS: Final[dict[int, Code]] = {
    # The framework's word for a body that it could not read, for whatever reason.
    400: ErrorCode.INVALID_JSON,
    404: HttpCode.NOT_FOUND,
    405: HttpCode.METHOD_NOT_ALLOWED,
    413: ErrorCode.TOO_LARGE,
}


class ProblemError(Exception):
    """A request is refused; becomes a problem document."""

    def __init__(self, code: Code, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail


def problem_response(
    code: Code,
    detail: str,
    headers: Mapping[str, str] | None = None,
    extra: Mapping[str, int] | None = None,
) -> Response:
    """The answer to a request that is refused.

    Args:
        detail: one sentence, fit for the one who asked; may hold any characters that they sent.
        extra: further members of the problem document.
    """
    status = STATUS[code]
    body = {
        "type": f"urn:quire:problem:{code}",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "code": str(code),
        "detail": detail[:_MAX_DETAIL_CHARS].encode("utf-8", "backslashreplace").decode(),
        **(extra or {}),
    }
    sent = dict(headers or {})
    if status in _RETRY_AFTER_S:
        sent.setdefault("Retry-After", _RETRY_AFTER_S[status])
    if status == 401:
        sent.setdefault("WWW-Authenticate", "Quire")
    return Response(msgspec.json.encode(body), status, headers=sent, media_type=PROBLEM_MEDIA_TYPE)


def install_problem_handlers(app: FastAPI) -> None:
    """Have every error of the application answered with a problem document, and counted."""
    app.state.problems = Counter()
    app.add_exception_handler(ProblemError, _on_problem)
    app.add_exception_handler(ServiceError, _on_service_error)
    app.add_exception_handler(QuireError, _on_quire_error)
    app.add_exception_handler(StoreError, _on_store_error)
    app.add_exception_handler(HistoryDamagedError, _on_damaged_history)
    app.add_exception_handler(HistoryThinnedError, _on_thinned_history)
    app.add_exception_handler(RequestValidationError, _on_invalid_request)
    app.add_exception_handler(HTTPException, _on_http_exception)
    app.add_exception_handler(Exception, _on_defect)


def _answer(
    request: Request,
    code: Code,
    detail: str,
    headers: Mapping[str, str] | None = None,
    extra: Mapping[str, int] | None = None,
) -> Response:
    request.app.state.problems[str(code)] += 1
    problem = problem_response(code, detail, headers, extra)
    if not wants_page(request):
        return problem
    kept = {name: problem.headers[name] for name in _PAGE_HEADERS if name in problem.headers}
    return editor_page(request, problem.status_code, kept)


async def _on_problem(request: Request, error: Exception) -> Response:
    problem = cast(ProblemError, error)
    return _answer(request, problem.code, problem.detail)


async def _on_service_error(request: Request, error: Exception) -> Response:
    refused = cast(ServiceError, error)
    return _answer(request, refused.code, refused.detail)


async def _on_quire_error(request: Request, error: Exception) -> Response:
    refused = cast(QuireError, error)
    note_refusal(request, refused.code)
    after_s = refused.retry_after_s
    headers = {} if after_s is None else {"Retry-After": str(max(1, math.ceil(after_s)))}
    return _answer(request, refused.code, refused.message, headers)


async def _on_store_error(request: Request, error: Exception) -> Response:
    _log.warning("%s %s: the store failed: %s", request.method, request.url.path, error)
    return _answer(request, ErrorCode.STORE_UNAVAILABLE, "The store does not answer.")


async def _on_damaged_history(request: Request, error: Exception) -> Response:
    _log.error("%s %s: %s", request.method, request.url.path, error)
    upto = cast(HistoryDamagedError, error).upto
    detail = f"Versions up to {upto} of this document are damaged; later ones are not."
    return _answer(request, ServiceCode.HISTORY_DAMAGED, detail)


async def _on_thinned_history(request: Request, error: Exception) -> Response:
    gone = cast(HistoryThinnedError, error)
    detail = (
        f"Version {gone.version} is no longer kept. "
        f"The nearest ones that are: {gone.before} and {gone.after}."
    )
    return _answer(
        request,
        ServiceCode.HISTORY_THINNED,
        detail,
        extra={
            "version": gone.version,
            "kept_before": gone.before,
            "kept_after": gone.after,
        },
    )


async def _on_invalid_request(request: Request, error: Exception) -> Response:
    errors = cast(RequestValidationError, error).errors()
    is_json_error = any(each.get("type") == "json_invalid" for each in errors)
    code = ErrorCode.INVALID_JSON if is_json_error else ErrorCode.INVALID_MESSAGE
    return _answer(request, code, "; ".join(map(_complaint, errors[:3])))


def _complaint(error: Mapping[str, Any]) -> str:
    where = ".".join(str(part) for part in error.get("loc", ()))
    what = str(error.get("msg", "not valid")).removeprefix("Value error, ")
    return f"{where}: {what}"


async def _on_http_exception(request: Request, error: Exception) -> Response:
    raised = cast(HTTPException, error)
    code = _OF_STATUS.get(raised.status_code)
    if code is None:
        return Response(status_code=raised.status_code, headers=raised.headers)
    detail = str(raised.detail or HTTPStatus(raised.status_code).phrase)
    return _answer(request, code, detail, raised.headers)


async def _on_defect(request: Request, _: Exception) -> Response:
    """A defect of ours; the server logs the exception, which is raised on behind this answer."""
    return _answer(request, HttpCode.INTERNAL, "This is a defect of the server; it was logged.")
