"""Whoever asks for metrics finds every replica, by the names of jobs that the rules ask for."""

import re
from typing import Any

import yaml

from tests.deploy.chart import DEPLOY, rendered

PROMETHEUS = DEPLOY / "prometheus"
JOBS = {"hub-api", "hub-worker", "hub-scheduler"}
_OF_RULES = re.compile(r'job="([^"]+)"')
_COMPONENT = "app.kubernetes.io/component"


def test_the_rules_the_chart_and_the_composition_name_the_same_jobs() -> None:
    assert set(_OF_RULES.findall((PROMETHEUS / "rules.yml").read_text())) == JOBS
    assert {one["job_name"] for one in _scraped()} == JOBS
    objects = rendered("metrics.podMonitor=true")
    [monitor] = [one["spec"] for one in objects if one["kind"] == "PodMonitor"]
    pods = [one["spec"]["template"] for one in objects if one["kind"] == "Deployment"]
    assert {_job(monitor, pod) for pod in pods} == JOBS


def test_every_replica_behind_a_name_of_the_composition_is_asked_at_its_port() -> None:
    services = yaml.safe_load((DEPLOY / "compose.yml").read_text())["services"]
    for one in _scraped():
        assert "static_configs" not in one
        [found] = one["dns_sd_configs"]
        assert found["type"] == "A"
        for name in found["names"]:
            ours = {"api": 8000}.get(name) or int(services[name]["environment"]["HUB_METRICS_PORT"])
            assert found["port"] == ours
    asked = {name for one in _scraped() for name in one["dns_sd_configs"][0]["names"]}
    assert asked == {
        name for name, one in services.items() if one.get("command", [""])[0] in ("api", "worker", "scheduler")
    }


def test_each_process_is_asked_whether_its_own_loop_turns() -> None:
    for pod in (one["spec"]["template"]["spec"] for one in rendered() if one["kind"] == "Deployment"):
        [container] = pod["containers"]
        asked = container["livenessProbe"]["httpGet"]
        assert (asked["path"], asked["port"]) == ("/healthz", container["ports"][0]["name"])
    services = yaml.safe_load((DEPLOY / "compose.yml").read_text())["services"]
    for name in ("worker-sales", "worker-setup", "scheduler"):
        port = services[name]["environment"]["HUB_METRICS_PORT"]
        assert f"http://127.0.0.1:{port}/healthz" in services[name]["healthcheck"]["test"][-1]


def test_a_rollback_brings_the_old_settings_back_with_the_old_pods() -> None:
    [settings] = [one for one in rendered() if one["kind"] == "ConfigMap"]
    hooks = settings["metadata"]["annotations"]["helm.sh/hook"].split(",")
    assert set(hooks) == {"pre-install", "pre-upgrade", "pre-rollback"}


def _scraped() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = yaml.safe_load((PROMETHEUS / "prometheus.yml").read_text())["scrape_configs"]
    return found


def _job(monitor: dict[str, Any], pod: dict[str, Any]) -> str:
    """What the operator calls the job of this pod's one port: the monitor's name, unless it is relabelled."""
    labels, [container] = pod["metadata"]["labels"], pod["spec"]["containers"]
    assert monitor["selector"]["matchLabels"].items() <= labels.items()
    ports = {port["name"] for port in container["ports"]}
    [endpoint] = [one for one in monitor["podMetricsEndpoints"] if one["port"] in ports]
    job = "prod/prod"
    for rule in endpoint.get("relabelings", ()):
        assert rule["sourceLabels"] == ["__meta_kubernetes_pod_label_" + re.sub(r"[^a-z]", "_", _COMPONENT)]
        if (found := re.fullmatch(rule["regex"], labels[_COMPONENT])) and rule["targetLabel"] == "job":
            job = found.expand(rule["replacement"].replace("$", "\\"))
    return job
