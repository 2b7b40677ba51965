"""A known vulnerability fails the audit; advisories that cannot be read are said so and fail nothing."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

AUDIT = Path(__file__).parents[2] / ".ci" / "audit"
_BAD = {"name": "jinja2", "version": "2.4.1", "vulns": [{"id": "PYSEC-1"}]}
_UNKNOWN = {"name": "jinja2", "skip_reason": "not found"}
_LOCKED = {"name": "fastapi", "version": "1.0", "vulns": []}
_NPM: dict[str, Any] = {"vulnerabilities": {}}
_PROGRAM = """
import sys
for name, told in {answers}.items():
    if name in " ".join(sys.argv):
        print(told)
"""


@pytest.mark.parametrize(
    ("known", "locked", "npm", "code", "said"),
    [
        ([_BAD], [_LOCKED], _NPM, 0, "audited: 1 Python packages"),
        ([_BAD], [{**_LOCKED, "vulns": [{"id": "GHSA-2"}]}], _NPM, 1, "vulnerable: fastapi 1.0: GHSA-2"),
        ([_UNKNOWN], [_LOCKED], _NPM, 0, "advisories for the Python packages could not be read"),
        ([_BAD], [_LOCKED], {"statusCode": 405}, 0, "advisories for the scripts of the pages could not be read"),
        ([_BAD], [_LOCKED], {"vulnerabilities": {"uplot": {"severity": "high"}}}, 1, "vulnerable: uplot (high)"),
    ],
)
def test_the_audit(
    tmp_path: Path, known: list[Any], locked: list[Any], npm: dict[str, Any], code: int, said: str
) -> None:
    pip_audit = tmp_path / "pip_audit.py"
    answers = {"known-bad.txt": {"dependencies": known}, "requirements.lock": {"dependencies": locked}}
    pip_audit.write_text(_PROGRAM.format(answers={name: json.dumps(told) for name, told in answers.items()}))
    scripts = tmp_path / "npm.py"
    scripts.write_text(f"print({json.dumps(npm)!r})\n")
    command = [sys.executable, str(AUDIT), "--pip-audit", f"{sys.executable} {pip_audit}"]
    done = subprocess.run([*command, "--npm", f"{sys.executable} {scripts}"], capture_output=True, text=True)
    assert (done.returncode, said in done.stdout) == (code, True), done.stdout + done.stderr
