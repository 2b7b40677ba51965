"""What the recordings were made with: prompts, tools and model. A prompt that changed since is found here first, before
any request is compared."""

from datetime import date
from pathlib import Path

from pydantic import BaseModel

from agent.chat.prompting import refs
from evals.agent.tape import FOLDER

FILE = FOLDER / "manifest.json"
TOOLS = "tools"
AGAIN = "make evals-record"


class Recorded(BaseModel):
    """What the model came to when it was recorded: the digest of the end, and whether that was the right one. A small
    model fails some scenarios; played again, it must fail the same."""

    end: str
    passed: bool


class Manifest(BaseModel):
    """``prompts`` is the digest of each prompt file by name, and of the tools."""

    model: str
    recorded: date
    prompts: dict[str, str]
    scenarios: dict[str, Recorded] = {}


def read(path: Path = FILE) -> Manifest | None:
    return Manifest.model_validate_json(path.read_text()) if path.exists() else None


def write(manifest: Manifest, path: Path = FILE) -> None:
    path.parent.mkdir(exist_ok=True)
    ordered = manifest.model_copy(
        update={name: dict(sorted(getattr(manifest, name).items())) for name in ("prompts", "scenarios")}
    )
    path.write_text(ordered.model_dump_json(indent=1) + "\n")


def made(model: str, today: date, scenarios: dict[str, Recorded]) -> Manifest:
    return Manifest(model=model, recorded=today, prompts=refs(), scenarios=scenarios)


def changes(manifest: Manifest, now: dict[str, str]) -> list[str]:
    """A sentence for each prompt that is not the recorded one; empty when nothing changed."""
    names = sorted(manifest.prompts.keys() | now.keys())
    return [_change(name, manifest.prompts.get(name), now.get(name)) for name in names if _differs(manifest, now, name)]


def _differs(manifest: Manifest, now: dict[str, str], name: str) -> bool:
    return manifest.prompts.get(name) != now.get(name)


def _change(name: str, recorded: str | None, current: str | None) -> str:
    what = "the chat's tools (agent/chat/toolbox.py)" if name == TOOLS else f"prompts/{name}.md"
    if recorded is None:
        return f"{what} is new since the recordings were made"
    if current is None:
        return f"{what} is gone since the recordings were made"
    return f"{what} changed since the recordings were made (recorded {recorded}, now {current})"
