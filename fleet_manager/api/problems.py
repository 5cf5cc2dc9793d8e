"""Errors as problem details after RFC 9457, and how they look in the OpenAPI document."""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.openapi.utils import get_openapi
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from fleet_manager.api.schemas import Problem
from fleet_manager.domain.errors import ErrorKind, RequestRefusedError

MEDIA_TYPE = "application/problem+json"
_LOG = logging.getLogger(__name__)
_STATUS = {
    ErrorKind.NOT_FOUND: HTTPStatus.NOT_FOUND,
    ErrorKind.CONFLICT: HTTPStatus.CONFLICT,
    ErrorKind.INVALID: HTTPStatus.UNPROCESSABLE_ENTITY,
    ErrorKind.UNAVAILABLE: HTTPStatus.SERVICE_UNAVAILABLE,
}


def problem(
    request: Request, status: int, code: str, detail: str, errors: list[dict[str, Any]] | None = None
) -> JSONResponse:
    """A response with a problem in it."""
    body = Problem(
        type=f"urn:sitefleet:problem:{code.lower().replace('_', '-')}",
        title=HTTPStatus(status).phrase,
        status=status,
        detail=detail,
        instance=request.url.path,
        code=code,
        errors=errors or [],
    )
    return JSONResponse(body.model_dump(mode="json"), status_code=status, media_type=MEDIA_TYPE)


def declare(*statuses: HTTPStatus) -> dict[int | str, dict[str, Any]]:
    """The `responses` argument of a route that may answer with these problems."""
    return {int(s): {"model": Problem, "description": s.phrase} for s in statuses}


def install(app: FastAPI) -> None:
    """Every error of the app leaves it as a problem."""
    app.add_exception_handler(RequestRefusedError, _refused)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _unexpected)
    app.openapi = lambda: _openapi(app)  # type: ignore[method-assign]


async def _refused(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestRefusedError)
    return problem(request, _STATUS[error.kind], error.code, error.message)


async def _invalid(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    errors = [{"loc": [str(p) for p in e["loc"]], "msg": e["msg"], "type": e["type"]} for e in error.errors()]
    first = errors[0] if errors else {"loc": [], "msg": "not readable"}
    detail = f"{'.'.join(first['loc'])}: {first['msg']}"
    return problem(request, HTTPStatus.UNPROCESSABLE_ENTITY, "REQUEST_INVALID", detail, errors)


async def _http(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    code = {HTTPStatus.NOT_FOUND: "PATH_NOT_FOUND"}.get(
        HTTPStatus(error.status_code), HTTPStatus(error.status_code).name
    )
    response = problem(request, error.status_code, code, str(error.detail))
    response.headers.update(error.headers or {})
    return response


async def _unexpected(request: Request, error: Exception) -> JSONResponse:
    _LOG.error("%s %s failed", request.method, request.url.path, exc_info=error)
    text = "the manager failed on this request and says why in its log; nothing was accepted"
    return problem(request, HTTPStatus.INTERNAL_SERVER_ERROR, "INTERNAL_ERROR", text)


def _openapi(app: FastAPI) -> dict[str, Any]:
    if app.openapi_schema:
        return app.openapi_schema
    document = get_openapi(
        title=app.title, version=app.version, description=app.description, routes=app.routes, tags=app.openapi_tags
    )
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    for path in document["paths"].values():
        for operation in path.values():
            responses = operation["responses"]
            for status in [s for s in responses if s.startswith(("4", "5"))]:
                responses[status] = {"description": HTTPStatus(int(status)).phrase, "content": content}
            responses["500"] = {"description": HTTPStatus.INTERNAL_SERVER_ERROR.phrase, "content": content}
    schemas = document["components"]["schemas"]
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    schemas.setdefault("Problem", Problem.model_json_schema())
    app.openapi_schema = document
    return document
