"""The table of docs/telemetry.md, written from what is declared: ``python -m tracking_core.metrics.table``."""

import re
from importlib import import_module
from pathlib import Path

from prometheus_client.metrics import MetricWrapperBase

from tracking_core.metrics.registry import declared

DOCUMENT = Path(__file__).parents[2] / "docs" / "telemetry.md"
_MODULES = ("collector", "sales", "delivery", "agent", "infrastructure")
_PARTS = ("_bucket", "_sum", "_count")
_BETWEEN = re.compile(r"(?<=<!-- metrics -->\n).*(?=<!-- end of metrics -->)", re.DOTALL)


def all_metrics() -> list[MetricWrapperBase]:
    """Every metric of the hub, whatever the process uses of them."""
    for module in _MODULES:
        import_module(f"tracking_core.metrics.{module}")
    return declared


def name_of(metric: MetricWrapperBase) -> str:
    """As it is exposed; of a histogram the name before ``_bucket``, ``_sum`` and ``_count``."""
    return f"{metric._name}_total" if metric._type == "counter" else metric._name


def series() -> set[str]:
    """Every name a query may use."""
    return {
        name_of(one) + suffix for one in all_metrics() for suffix in (_PARTS if one._type == "histogram" else ("",))
    }


def document(text: str) -> str:
    """The text with the table as it is now."""
    return _BETWEEN.sub(lambda _: f"{_table()}\n", text)


def _table() -> str:
    rows = [
        f"| `{name_of(one)}` | {one._type} | {', '.join(f'`{label}`' for label in one._labelnames)} |"
        f" {one._documentation} |"
        for one in sorted(all_metrics(), key=name_of)
    ]
    return "\n".join(("| name | type | labels | meaning |", "| --- | --- | --- | --- |", *rows))


if __name__ == "__main__":
    DOCUMENT.write_text(document(DOCUMENT.read_text()))
