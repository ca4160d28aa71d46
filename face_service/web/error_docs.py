"""``/docs/errors``: what the ``type`` of a problem leads to."""

from flask import Blueprint, Response
from markupsafe import Markup

from face_service.web.error_catalog import ErrorEntry, catalogue

blueprint = Blueprint("error_docs", __name__)

_PAGE = Markup("""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Errors of the face service</title>
</head>
<body>
<main>
<h1>Errors</h1>
<p>An error is answered as <code>application/problem+json</code> (RFC 9457). Its <code>code</code>
never changes; <code>detail</code> says in words what was wrong with this request.</p>
<table>
<thead>
<tr><th scope="col">Code</th><th scope="col">Status</th><th scope="col">Meaning</th></tr>
</thead>
<tbody>
{rows}
</tbody>
</table>
</main>
</body>
</html>
""")
_ROW = Markup(
    '<tr id="{entry.code}"><th scope="row"><code>{entry.code}</code></th>'
    "<td>{entry.status}</td><td>{entry.meaning}</td></tr>"
)


@blueprint.get("/docs/errors")
def errors() -> Response:
    """Show every code with its status and meaning."""
    rows = Markup("\n").join(_row(entry) for entry in catalogue())
    response = Response(_PAGE.format(rows=rows), mimetype="text/html")
    response.headers["Cache-Control"] = "no-cache"
    return response


def _row(entry: ErrorEntry) -> Markup:
    return _ROW.format(entry=entry)
