"""The API as a document: OpenAPI 3.1, made from the endpoints and from the structs they read and tell."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

import msgspec
from litestar import Litestar
from litestar.di import Provide
from litestar.handlers import HTTPRouteHandler
from litestar.openapi import OpenAPIConfig

from airworthy.exchange.ask import Ask
from airworthy.exchange.told import Problem, Told
from airworthy.web import decide, events
from airworthy.web.edge import OPEN
from airworthy.web.routes import ROUTES

PATH = "/schema/openapi.json"
_ABOUT = (
    "Outputs of an AI are asked about here, and told their route. Every refusal is a problem with a code and help; "
    "the codes stand in docs/reference/errors."
)
_REF = "#/components/schemas/{name}"
_REFUSALS = {
    "400": "It is not sound JSON, or holds what two readers could understand differently.",
    "401": "No key that is good was shown.",
    "403": "The key may not do this.",
    "404": "There is no such thing.",
    "405": "The path is served, but not by this method.",
    "409": "It contradicts what is recorded, or is for another environment.",
    "413": "It is too large.",
    "415": "It is not said to be JSON.",
    "422": "It is not what was declared, or cannot be used.",
    "500": "A defect of ours; the server's own log has it.",
    "503": "Nothing can be made durable now, or there is no room: fall back.",
}

Json = dict[str, Any]


@cache
def document() -> bytes:
    """The document as JSON, its parts in a stable order."""
    paths = _litestar_paths()
    for handler in ROUTES:
        (path,) = (one.replace(":str}", "}") for one in handler.paths)
        (operation,) = paths[path].values()
        _complete(operation, path, handler)
    paths[decide.PATH] = {"post": _decide()}
    paths[events.PATH] = {"get": _events()}
    paths[PATH] = {"get": _operation("openapi", "This document.", "operation", {"200": _json(None)}, is_open=True)}
    whole = {
        "openapi": "3.1.0",
        "info": {"title": "Airworthy", "version": "v1", "description": _ABOUT},
        "servers": [{"url": "/"}],
        "security": [{"key": []}],
        "paths": dict(sorted(paths.items())),
        "components": {
            "schemas": _schemas(),
            "responses": {f"Refused{status}": _refusal(said) for status, said in _REFUSALS.items()},
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer", "description": "`aw_<id>_<random>`"}},
        },
    }
    return msgspec.json.format(msgspec.json.encode(whole), indent=2) + b"\n"


def _litestar_paths() -> dict[str, Json]:
    """Paths, parameters and answers, as the framework reads them from the endpoints."""
    read = Litestar(
        route_handlers=ROUTES,
        dependencies={
            "house": Provide(lambda: None, sync_to_thread=False),  # nothing is served: only read
            "visit": Provide(lambda: None, sync_to_thread=False),
        },
        openapi_config=OpenAPIConfig(title="Airworthy", version="v1"),
        logging_config=None,
    )
    paths: dict[str, Json] = read.openapi_schema.to_schema()["paths"]
    return paths


def _complete(operation: Json, path: str, handler: HTTPRouteHandler) -> None:
    """What the framework cannot know: the body, which is read strictly by us; who may; what is refused and how."""
    options = handler.opt
    answers = {"200": {**operation["responses"]["200"], "description": "What was asked for."}}
    if options.get("is_pending"):
        answers["202"] = {**answers["200"], "description": "A person has yet to answer."}
    said = inspect.getdoc(handler.fn) or ""
    asked, scopes = options.get("asked"), options.get("scopes", ())
    made = _operation(
        handler.handler_name, said, operation["tags"][0], answers, asked=asked, scopes=scopes, is_open=path in OPEN
    )
    parameters = operation.get("parameters")
    operation.clear()
    operation.update(made, **({"parameters": parameters} if parameters else {}))


def _operation(
    name: str,
    said: str,
    tag: str,
    answers: Mapping[str, Json],
    *,
    asked: type | None = None,
    scopes: Iterable[str] = (),
    is_open: bool = False,
) -> Json:
    needs = f" Needs a key with scope {' or '.join(scopes)}." if scopes else ""
    refusals = {status: {"$ref": f"#/components/responses/Refused{status}"} for status in _REFUSALS}
    made: Json = {"operationId": name, "summary": said.splitlines()[0], "description": said + needs, "tags": [tag]}
    if asked is not None:
        made["requestBody"] = {"required": True, "content": _json(asked)["content"]}
    made["responses"] = {**answers, **refusals}
    return {**made, "security": []} if is_open else made


def _decide() -> Json:
    said = "Decides one output: where it may go, and why. Asking again tells the same again."
    answers = {"200": _json(Told), "202": _json(Told, "A person has yet to answer.")}
    made = _operation("decide", said, "decisions", answers, asked=Ask, scopes=("application",))
    about = "The same key with another body is a conflict."
    return {**made, "parameters": [_header("Idempotency-Key", about, {"maxLength": 255, "minLength": 1})]}


def _events() -> Json:
    said = (
        "What happens from now on, as server-sent events: the id is the entry's number in the log, the data a Happened."
    )
    stream = {"description": "A stream.", "content": {"text/event-stream": {"schema": {"type": "string"}}}}
    about = "The number of the last event that was read: the stream goes on behind it, without a gap."
    made = _operation("events", said, "log", {"200": stream})
    return {**made, "parameters": [_header("Last-Event-ID", about, {"pattern": "^[0-9]{1,15}$"})]}


def _header(name: str, said: str, form: Json) -> Json:
    return {"name": name, "in": "header", "required": False, "description": said, "schema": {"type": "string", **form}}


def _json(form: type | None, said: str = "What was asked for.") -> Json:
    schema = {"$ref": _REF.format(name=form.__name__)} if form else {"type": "object"}
    return {"description": said, "content": {"application/json": {"schema": schema}}}


def _refusal(said: str) -> Json:
    schema = {"$ref": _REF.format(name="Problem")}
    return {"description": said, "content": {"application/problem+json": {"schema": schema}}}


def _schemas() -> Json:
    """The forms, by name, exactly as they are read: the framework's own would leave bounds and closedness out."""
    told = (inspect.get_annotations(one.fn, eval_str=True)["return"] for one in ROUTES)
    forms = [one for one in told if isinstance(one, type) and issubclass(one, msgspec.Struct)]
    asked = [one.opt["asked"] for one in ROUTES if "asked" in one.opt]
    _, found = msgspec.json.schema_components([Ask, Told, Problem, events.Happened, *asked, *forms], ref_template=_REF)
    return dict(sorted(found.items()))
