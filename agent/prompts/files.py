"""A prompt is a file: YAML front matter (``id``, ``version``, ``inputs``) and a text with ``{inputs}`` in it."""

import hashlib
import string
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2] / "prompts"
_FENCE = "---\n"
_HASH_DIGITS = 12


class PromptInvalid(ValueError):
    """The file does not say what it must, or its text and its ``inputs`` differ. The message names the file."""


@dataclass(frozen=True, slots=True)
class Prompt:
    """``digest`` is of the whole file: a word changed is another prompt."""

    id: str
    version: int
    inputs: tuple[str, ...]
    text: str = field(repr=False)
    digest: str

    @property
    def ref(self) -> str:
        """``id@version#digest``, as it stands on messages, turns, handoffs and cassettes."""
        return f"{self.id}@{self.version}#{self.digest}"

    def render(self, **inputs: str) -> str:
        """Raises KeyError for an input that is missing."""
        return self.text.format_map({name: inputs[name] for name in self.inputs})


def load(name: str) -> Prompt:
    """``prompts/<name>.md``. Raises PromptInvalid and FileNotFoundError."""
    return parse((ROOT / f"{name}.md").read_text(), name)


@cache
def loaded(name: str) -> Prompt:
    """The prompt as this process first read it: a worker speaks by one version until it is started again."""
    return load(name)


def parse(content: str, name: str) -> Prompt:
    said, text = split(content, name)
    inputs = tuple(said.get("inputs") or ())
    used = {field for _, field, _, _ in string.Formatter().parse(text) if field is not None}
    if said["id"] != name.rsplit("/", 1)[-1] or used != set(inputs):
        raise PromptInvalid(f"prompts/{name}.md: id or inputs {sorted(inputs)} differ from its name and {sorted(used)}")
    return Prompt(said["id"], int(said["version"]), inputs, text, digest_of(content))


def split(content: str, name: str) -> tuple[dict[str, Any], str]:
    """The front matter and the text after it."""
    before, fence, rest = content.partition(_FENCE)
    head, end, text = rest.partition(_FENCE)
    said = yaml.safe_load(head) if not before and fence and end else None
    if not isinstance(said, dict) or not {"id", "version"} <= said.keys():
        raise PromptInvalid(f"prompts/{name}.md: no front matter with id and version")
    return said, text.strip()


def digest_of(content: str) -> str:
    return hashlib.sha256(content.encode()).hexdigest()[:_HASH_DIGITS]
