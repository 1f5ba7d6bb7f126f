"""How a run looks in a notebook."""

from __future__ import annotations

import base64
import html
from typing import Any, Iterable

from ._figures import Figure


def page(
    title: str, notices: Iterable[str], claims: list[dict[str, Any]], figures: Iterable[Figure]
) -> str:
    """Title, notices, verdicts and figures."""
    paragraphs = "".join(f"<p>{html.escape(text)}</p>" for text in notices)
    images = "".join(_image(figure) for figure in figures)
    return f"<h3>{html.escape(title)}</h3>{paragraphs}{_verdicts(claims)}{images}"


def _image(figure: Figure) -> str:
    data = base64.b64encode(figure.svg.encode()).decode()
    title = html.escape(figure.title)
    return (
        f'<figure style="margin:1em 0"><figcaption>{title}</figcaption>'
        f'<img alt="{title}" style="max-width:100%;background:white" '
        f'src="data:image/svg+xml;base64,{data}"></figure>'
    )


def _verdicts(claims: list[dict[str, Any]]) -> str:
    """The claims as a table of HTML."""
    if not claims:
        return "<p>No claim is judged on this run.</p>"
    names = ["claim", "block", "quantity", "measured", "predicted", "verdict", "hypotheses"]
    head = "".join(f"<th>{name}</th>" for name in names)
    rows = []
    for claim in claims:
        hypotheses = claim.get("hypotheses")
        met = None if hypotheses is None else "met" if hypotheses["met"] else "not met"
        values = claim | {"claim": claim["id"], "hypotheses": met}
        cells = [_cell(values.get(name)) for name in names]
        rows.append("<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>")
    return f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>"


def _cell(value: Any) -> str:
    if value is None:
        return "—"
    return f"{value:.4g}" if isinstance(value, float) else html.escape(str(value))
