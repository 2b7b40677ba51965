"""What is written about metrics, and what is asked of them, is of metrics there are."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import promql_parser
import pytest
import yaml
from prometheus_client import REGISTRY

from tracking_core.metrics.table import DOCUMENT, all_metrics, document, name_of, series

DEPLOY = Path(__file__).parents[2] / "deploy"
RULES = DEPLOY / "prometheus" / "rules.yml"
DASHBOARDS = sorted((DEPLOY / "grafana").glob("*.json"))
# Of Prometheus itself and of its client.
SCRAPED = {"up"}
TARGET_LABELS = {"job", "instance"}


def test_the_table_of_the_document_is_what_is_declared() -> None:
    text = DOCUMENT.read_text()
    assert text == document(text), "write it again: python -m tracking_core.metrics.table"


def test_every_metric_is_named_by_the_rules_of_names_and_has_no_label_of_a_tenant() -> None:
    for one in all_metrics():
        assert name_of(one).startswith("hub_")
        assert one._type != "counter" or name_of(one).endswith("_total")
        assert not {"tenant", "tenant_id", "session", "url", "path", "email"} & set(one._labelnames)
        assert one._documentation.endswith(".")


def test_every_query_can_be_read_and_asks_for_what_there_is() -> None:
    known = series() | SCRAPED | _of_the_client() | set(_recorded())
    for where, expression in _queries():
        asked = list(_selectors_of(expression))
        assert {one.name for one in asked} <= known, where
        labels = {label for one in asked for label in _labels_of(one.name)} | TARGET_LABELS
        assert _grouped_by(promql_parser.parse(_asked(expression))) <= labels, where
        for one in asked:
            named = {matcher.name for matcher in one.matchers.matchers}
            assert named <= _labels_of(one.name) | TARGET_LABELS, (where, one.name)


def test_no_metric_is_counted_for_nobody() -> None:
    asked = {one.name for _, expression in _queries() for one in _selectors_of(expression)}
    unseen = {name_of(one) for one in all_metrics() if not {name_of(one), f"{name_of(one)}_bucket"} & asked}
    assert unseen == set()


@pytest.mark.parametrize("path", DASHBOARDS, ids=lambda path: path.stem)
def test_a_dashboard_can_be_imported_and_its_panels_do_not_overlap(path: Path) -> None:
    board = json.loads(path.read_text())
    assert (board["uid"], board["tags"]) == (path.stem, ["hub"])
    taken: set[tuple[int, int]] = set()
    for panel in board["panels"]:
        assert panel["datasource"] == {"type": "prometheus", "uid": "${datasource}"}
        at = panel["gridPos"]
        cells = {(at["x"] + x, at["y"] + y) for x in range(at["w"]) for y in range(at["h"])}
        assert not cells & taken
        assert at["x"] + at["w"] <= 24
        taken |= cells


def _rules() -> list[dict[str, Any]]:
    return [rule for group in yaml.safe_load(RULES.read_text())["groups"] for rule in group["rules"]]


def _recorded() -> list[str]:
    return [rule["record"] for rule in _rules() if "record" in rule]


def _queries() -> Iterator[tuple[str, str]]:
    for rule in _rules():
        yield rule.get("record") or rule["alert"], rule["expr"]
    for path in DASHBOARDS:
        for panel in json.loads(path.read_text())["panels"]:
            for target in panel["targets"]:
                yield f"{path.name}: {panel['title']}", target["expr"]


def _selectors_of(expression: str) -> Iterator[Any]:
    nodes = _nodes(promql_parser.parse(_asked(expression)))
    return (one for one in nodes if isinstance(one, promql_parser.VectorSelector))


def _asked(expression: str) -> str:
    """As Grafana asks it."""
    return expression.replace("$__rate_interval", "5m")


def _grouped_by(expression: Any) -> set[str]:
    aggregates = (one for one in _nodes(expression) if isinstance(one, promql_parser.AggregateExpr))
    return {label for one in aggregates if one.modifier for label in one.modifier.labels}


def _nodes(node: Any) -> Iterator[Any]:
    yield node
    below = [getattr(node, name, None) for name in ("lhs", "rhs", "expr", "param", "vector_selector")]
    for one in (*below, *getattr(node, "args", ())):
        if one is not None:
            yield from _nodes(one)


def _labels_of(name: str) -> set[str]:
    parts = {"_bucket": {"le"}, "_sum": set(), "_count": set()}
    for one in all_metrics():
        for suffix, more in (*parts.items(), ("", set[str]())):
            if name == name_of(one) + suffix:
                return set(one._labelnames) | more
    return set()


def _of_the_client() -> set[str]:
    return {sample.name for family in REGISTRY.collect() for sample in family.samples if family.name[:4] != "hub_"}
