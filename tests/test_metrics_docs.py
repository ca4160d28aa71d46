"""docs/metrics.md and the dashboard name the metrics that there are."""

import json
import re
from typing import Any

import pytest
from flask import Flask

from face_service.observing import STAGES
from face_service.settings import PROJECT
from tests.web.scraping import Scrape, parse

DOCS = (PROJECT / "docs" / "metrics.md").read_text()
DASHBOARD = PROJECT / "docs" / "grafana-dashboard.json"


@pytest.fixture
def found(app: Flask) -> Scrape:
    """What /metrics answers after a request or two."""
    client = app.test_client()
    client.get("/healthz")
    return parse(client.get("/metrics").text)


def family_of(name: str, kind: str) -> str:
    # The parser names a counter without its ending.
    return f"{name}_total" if kind == "counter" else name


def test_the_table_lists_every_metric_with_its_labels(found: Scrape) -> None:
    rows = re.findall(r"^\| `(face_[a-z_]+)` \| ([^|]+) \| \S", DOCS, re.MULTILINE)
    listed = {name: set(re.findall(r"`([a-z]+)`", labels)) for name, labels in rows}
    there: dict[str, set[str]] = {}
    for name, kind in found.kinds.items():
        prefix = family_of(name, kind)
        for sample, labels in found.samples:
            if sample.removesuffix("_bucket").removesuffix("_sum").removesuffix("_count") == prefix:
                there.setdefault(prefix, set()).update({key for key, _ in labels} - {"le"})
    assert listed == there
    histograms = {name for name, kind in found.kinds.items() if kind == "histogram"}
    assert {name for name in listed if is_histogram(name)} == histograms


def is_histogram(name: str) -> bool:
    row = next(line for line in DOCS.splitlines() if line.startswith(f"| `{name}` |"))
    return "| histogram" in row


def test_the_stages_are_those_documented() -> None:
    table = DOCS.split("## Stages")[1].split("**Server-Timing.**")[0]
    assert re.findall(r"^\| `([a-z]+)` \|", table, re.MULTILINE) == list(STAGES)


def expressions(board: dict[str, Any]) -> list[str]:
    targets = [target["expr"] for panel in board["panels"] for target in panel["targets"]]
    variables = board["templating"]["list"]
    return targets + [one["definition"] for one in variables if one["type"] == "query"]


def test_the_dashboard_asks_only_for_metrics_that_there_are(found: Scrape) -> None:
    board = json.loads(DASHBOARD.read_text())
    named = {
        name
        for expression in expressions(board)
        for name in re.findall(r"\b(face_[a-z_]+)\b", expression)
    }
    assert named <= found.names
    families = {family_of(name, kind) for name, kind in found.kinds.items()}
    used = {re.sub(r"_(bucket|sum|count)$", "", name) for name in named}
    assert used == families, "a metric that the dashboard leaves out"


def test_the_dashboard_filters_by_labels_that_there_are(found: Scrape) -> None:
    given = {key for _, labels in found.samples for key, _ in labels}
    for expression in expressions(json.loads(DASHBOARD.read_text())):
        asked = set(re.findall(r"(\w+)[=!]~?\"", expression))
        for group in re.findall(r"by \(([^)]*)\)", expression):
            asked |= set(group.split(", "))
        assert asked <= given | {"job", "instance"}, expression
        assert expression.count("(") == expression.count(")")
        assert expression.count("{") == expression.count("}")


def test_the_dashboard_can_be_imported_anywhere() -> None:
    board = json.loads(DASHBOARD.read_text())
    assert board["schemaVersion"] >= 39
    variables = {one["name"]: one for one in board["templating"]["list"]}
    assert variables["datasource"]["type"] == "datasource"
    assert variables["datasource"]["query"] == "prometheus"
    for panel in board["panels"]:
        sources = [panel["datasource"], *(target["datasource"] for target in panel["targets"])]
        assert {source["uid"] for source in sources} == {"${datasource}"}, panel["title"]
    ids = [panel["id"] for panel in board["panels"]]
    assert len(set(ids)) == len(ids)


def test_the_panels_do_not_overlap() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in json.loads(DASHBOARD.read_text())["panels"]:
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert taken.isdisjoint(cells), panel["title"]
        assert max(x for x, _ in cells) < 24, panel["title"]
        taken |= cells
