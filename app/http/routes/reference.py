"""`/api/docs`: the OpenAPI description as one page that needs no script and no other server."""

import json
from collections.abc import Iterator, Mapping
from html import escape
from secrets import token_urlsafe
from typing import Any, Final

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse, Response

router = APIRouter(include_in_schema=False)

_STYLE: Final = """
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { max-width: 56rem; margin: 2rem auto; padding: 0 1rem; }
code, pre { font: 0.9em/1.4 ui-monospace, monospace; }
pre { overflow-x: auto; padding: 0.75rem; border: 1px solid #8886; border-radius: 4px; }
table { border-collapse: collapse; margin: 0.5rem 0; }
td, th { text-align: left; vertical-align: top; padding: 0.2rem 1rem 0.2rem 0; }
section { border-top: 1px solid #8886; padding-top: 1rem; margin-top: 2rem; }
h2 code { font-weight: 600; }
"""


@router.get("/api/docs")
async def show_reference(request: Request) -> Response:
    """The HTTP API, for people."""
    nonce = token_urlsafe(18)
    policy = f"default-src 'none'; style-src 'nonce-{nonce}'; frame-ancestors 'self'"
    html = "".join(_render(request.app.openapi(), nonce))
    return HTMLResponse(html, headers={"Content-Security-Policy": policy})


def _render(description: Mapping[str, Any], nonce: str) -> Iterator[str]:
    title = f"{escape(description['info']['title'])} HTTP API"
    yield '<!doctype html><html lang="en"><head><meta charset="utf-8">'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield f'<title>{title}</title><style nonce="{nonce}">{_STYLE}</style></head><body>'
    yield f"<h1>{title}</h1><p>The same as OpenAPI: "
    yield '<a href="openapi.json">openapi.json</a>. Errors are problem documents '
    yield "(RFC 9457) whose <code>code</code> says what is wrong.</p><ul>"
    operations = list(_operations(description))
    for method, path, operation in operations:
        yield f'<li><a href="#{operation["operationId"]}"><code>{method} {escape(path)}</code></a>'
        yield f" {escape(operation.get('description', ''))}</li>"
    yield "</ul>"
    schemas = description.get("components", {}).get("schemas", {})
    for method, path, operation in operations:
        yield from _render_operation(method, path, operation)
    for name, schema in schemas.items():
        yield f'<section id="schema-{escape(name)}"><h2><code>{escape(name)}</code></h2>'
        yield f"<p>{escape(schema.get('description', ''))}</p>{_fields(schema)}</section>"
    yield "</body></html>"


def _operations(description: Mapping[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in description["paths"].items():
        for method, operation in methods.items():
            yield method.upper(), path, operation


def _render_operation(method: str, path: str, operation: Mapping[str, Any]) -> Iterator[str]:
    yield f'<section id="{operation["operationId"]}"><h2><code>{method} {escape(path)}</code></h2>'
    yield f"<p>{escape(operation.get('description', ''))}</p>"
    if parameters := operation.get("parameters"):
        yield "<h3>Parameters</h3><table>"
        for each in parameters:
            schema = each.get("schema", {})
            about = each.get("description") or schema.get("description") or ""
            must = "required" if each.get("required") else "optional"
            yield f"<tr><td><code>{escape(each['name'])}</code></td><td>{each['in']}, {must}</td>"
            yield f"<td>{_type(schema)}</td><td>{escape(about)}</td></tr>"
        yield "</table>"
    if body := operation.get("requestBody"):
        yield f"<h3>Body</h3>{_contents(body['content'])}"
    yield "<h3>Answers</h3><table>"
    for status, answer in operation["responses"].items():
        yield f"<tr><td><code>{escape(status)}</code></td>"
        yield f"<td>{escape(answer.get('description', ''))}</td>"
        yield f"<td>{_contents(answer.get('content', {}))}</td></tr>"
    yield "</table></section>"


def _contents(content: Mapping[str, Any]) -> str:
    return "<br>".join(
        f"<code>{escape(media_type)}</code> {_type(each.get('schema', {}))}"
        for media_type, each in content.items()
    )


def _fields(schema: Mapping[str, Any]) -> str:
    rows = "".join(
        f"<tr><td><code>{escape(name)}</code></td><td>{_type(each)}</td>"
        f"<td>{escape(each.get('description', ''))}</td></tr>"
        for name, each in schema.get("properties", {}).items()
    )
    examples = "".join(
        f"<pre>{escape(json.dumps(example, ensure_ascii=False, indent=2))}</pre>"
        for example in schema.get("examples", ())
    )
    return f"<table>{rows}</table>{examples}"


def _type(schema: Mapping[str, Any]) -> str:
    """A schema in a few words, with a link where it has a name."""
    if reference := schema.get("$ref"):
        name = escape(str(reference).rpartition("/")[2])
        return f'<a href="#schema-{name}">{name}</a>'
    if options := schema.get("anyOf") or schema.get("oneOf"):
        return " or ".join(_type(option) for option in options)
    if "enum" in schema:
        return " or ".join(f"<code>{escape(str(value))}</code>" for value in schema["enum"])
    if schema.get("type") == "array":
        return f"list of ({_type(schema.get('items', {}))})"
    if schema.get("type") == "object" and "title" in schema:
        return escape(str(schema["title"]))
    if schema.get("type") == "object":
        names = (escape(name) for name in schema.get("properties", {}))
        return "{" + ", ".join(names) + "}"
    return escape(str(schema.get("type", "anything")))
