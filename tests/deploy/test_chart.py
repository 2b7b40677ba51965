"""The chart: helm's own check, the API server's schemas, and that it speaks of this hub."""

import json
import subprocess
from typing import Any

import kubernetes_validate
import pytest

from api.app import create_app
from tests.deploy.chart import CHART, helm, pods, rendered
from tests.deploy.commands import is_command
from tracking_core.settings import Settings

KUBERNETES = "1.34"
_ALL = "workers.bulk=" + json.dumps({"queues": ["sales", "setup"], "replicas": 1, "poolSize": 4, "resources": {}})
VARIANTS: dict[str, tuple[str, ...]] = {
    "as it comes": (),
    "without what is optional": ("api.autoscaling.enabled=false", "ingress.enabled=false", "networkPolicy=false"),
    "with what is optional": ("metrics.podMonitor=true", _ALL, 'imagePullSecrets=[{"name":"pull"}]'),
    "placed": ('nodeSelector={"pool":"hub"}', 'tolerations=[{"key":"hub","operator":"Exists"}]'),
}


def test_helm_finds_nothing_wrong() -> None:
    assert "0 chart(s) failed" in helm("lint", "--strict", str(CHART))


@pytest.mark.parametrize("values", VARIANTS.values(), ids=VARIANTS)
def test_every_object_is_one_that_kubernetes_takes(values: tuple[str, ...]) -> None:
    objects = rendered(*values)
    own = [one for one in objects if one["apiVersion"].startswith("monitoring.coreos.com/")]
    assert len(own) == (1 if "metrics.podMonitor=true" in values else 0)
    for one in objects:
        if one not in own:  # a kind of the operator's, of which Kubernetes itself knows nothing
            kubernetes_validate.validate(one, KUBERNETES, strict=True)


def test_each_process_of_the_hub_is_there_and_drains() -> None:
    found = pods(rendered())
    assert {name: pod["containers"][0]["args"] for name, pod in found.items()} == {
        "prod-api": ["api"],
        "prod-worker-sales": ["worker", "--queue", "sales"],
        "prod-worker-setup": ["worker", "--queue", "setup"],
        "prod-scheduler": ["scheduler"],
        "prod-migrate": ["migrate"],
    }
    for pod in found.values():
        assert is_command(pod["containers"][0]["args"])
        assert pod["terminationGracePeriodSeconds"] > 20 + 5
        assert pod["containers"][0]["securityContext"]["readOnlyRootFilesystem"] is True


def test_its_settings_are_the_hubs_and_its_probes_are_answered() -> None:
    objects = rendered()
    known = {f"HUB_{name.upper()}" for name in Settings.model_fields}
    said = {name for one in objects if one["kind"] == "ConfigMap" for name in one["data"]}
    said |= {env["name"] for pod in pods(objects).values() for env in pod["containers"][0].get("env", [])}
    assert said
    assert said <= known
    paths = set(create_app(Settings(database_url="", redis_url="redis://127.0.0.1:1")).openapi()["paths"])
    assert _probed(pods(objects)["prod-api"]) == {"/healthz", "/readyz"}
    assert _probed(pods(objects)["prod-api"]) <= paths


def test_no_name_of_a_release_is_taken_for_a_setting_and_its_processes_reach_the_service() -> None:
    objects = rendered()
    assert {pod["enableServiceLinks"] for pod in pods(objects).values()} == {False}
    [settings] = [one["data"] for one in objects if one["kind"] == "ConfigMap"]
    assert settings["HUB_INTERNAL_URL"] == "http://prod:80"
    [service] = [one for one in objects if one["kind"] == "Service"]
    assert (service["metadata"]["name"], service["spec"]["ports"][0]["port"]) == ("prod", 80)
    own = rendered('settings.HUB_INTERNAL_URL="http://inner.example"')
    assert [one["data"]["HUB_INTERNAL_URL"] for one in own if one["kind"] == "ConfigMap"] == ["http://inner.example"]
    with pytest.raises(subprocess.CalledProcessError) as refused:
        rendered('settings.HUB_PUBLIC_URL=""')
    assert "HUB_PUBLIC_URL" in refused.value.stderr


def test_no_two_of_what_must_not_stop_together_may() -> None:
    objects = rendered()
    replicas = {one["metadata"]["name"]: one["spec"].get("replicas") for one in objects if one["kind"] == "Deployment"}
    scaled = {one["spec"]["scaleTargetRef"]["name"] for one in objects if one["kind"] == "HorizontalPodAutoscaler"}
    for name, count in replicas.items():
        assert (count is None) if name in scaled else count >= 2, name


def _probed(pod: dict[str, Any]) -> set[str]:
    (container,) = pod["containers"]
    probes = (container[f"{name}Probe"] for name in ("startup", "liveness", "readiness"))
    return {probe["httpGet"]["path"] for probe in probes}
