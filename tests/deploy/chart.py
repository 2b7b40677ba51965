"""Helm as people run it."""

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

DEPLOY = Path(__file__).parents[2] / "deploy"
CHART = DEPLOY / "helm" / "hub"
_SECONDS = 60


def helm(*arguments: str) -> str:
    """What it printed; raises CalledProcessError when it is not content."""
    beside = Path(sys.executable).with_name("helm")
    program = str(beside) if beside.exists() else shutil.which("helm") or "helm"
    done = subprocess.run([program, *arguments], capture_output=True, text=True, timeout=_SECONDS, check=True)
    return done.stdout


def rendered(*values: str) -> list[dict[str, Any]]:
    """Every object of a release, with these ``--set-json`` values."""
    said = [part for value in values for part in ("--set-json", value)]
    return [one for one in yaml.safe_load_all(helm("template", "prod", str(CHART), *said)) if one]


def pods(objects: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """The pod of each Deployment and Job, by its name."""
    kinds = ("Deployment", "Job")
    return {one["metadata"]["name"]: one["spec"]["template"]["spec"] for one in objects if one["kind"] in kinds}
