"""One playbook for each failure code: what it means, what to do step by step, and what to ask when that does not help.

A file has a section ``# pt_BR`` and a section ``# en``; in each a title (``## ...``), one paragraph with the cause,
numbered steps, and a question (``> ...``). ``{placeholders}`` are the code's ``params``.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from agent.prompts.files import ROOT, PromptInvalid, digest_of, split
from tracking_core.i18n import DEFAULT_LOCALE, translate

FOLDER = "playbooks"
LOCALES = (DEFAULT_LOCALE, "en")
_SECTION = re.compile(r"^# (\w+)\n", re.MULTILINE)
_STEP = re.compile(r"^\d+\. ")
# In the place of a name that is not known where the playbook is read.
_GENERAL = {
    "gateway": "the sales platform",
    "where": "the credentials screen",
    "webhooks": "the webhooks screen",
    "field": "value",
    "dataset_id": "you use",
}


@dataclass(frozen=True, slots=True)
class Playbook:
    """In one language, its placeholders filled. ``ref`` is ``code@version#digest``."""

    code: str
    ref: str
    title: str
    cause: str
    steps: tuple[str, ...]
    question: str

    def text(self) -> str:
        """As it is shown or given to a model: Markdown."""
        steps = "\n".join(f"{number}. {step}" for number, step in enumerate(self.steps, 1))
        return f"**{self.title}**\n{self.cause}\n\n{steps}\n\n{self.question}"


@dataclass(frozen=True, slots=True)
class _Sheet:
    title: str
    cause: str
    steps: tuple[str, ...]
    question: str


@cache
def codes() -> frozenset[str]:
    return frozenset(path.stem for path in (ROOT / FOLDER).glob("*.md"))


def playbook_of(code: str, params: Mapping[str, Any], locale: str) -> Playbook | None:
    """The playbook in the language, or None when there is none for the code."""
    if code not in codes():
        return None
    ref, sheets = _read(code)
    sheet, filled = sheets[locale if locale in sheets else DEFAULT_LOCALE], _Params(params, locale)
    return Playbook(
        code,
        ref,
        sheet.title.format_map(filled),
        sheet.cause.format_map(filled),
        tuple(step.format_map(filled) for step in sheet.steps),
        sheet.question.format_map(filled),
    )


class _Params(dict[str, Any]):
    """What a code did not say is said in general words: a playbook is read without a failure too."""

    def __init__(self, given: Mapping[str, Any], locale: str) -> None:
        super().__init__(given)
        self._locale = locale

    def __missing__(self, name: str) -> str:
        return translate(_GENERAL.get(name, "…"), self._locale)


@cache
def _read(code: str) -> tuple[str, dict[str, _Sheet]]:
    name = f"{FOLDER}/{code}"
    content = (ROOT / f"{name}.md").read_text()
    said, text = split(content, name)
    parts = _SECTION.split(text)
    sheets = {locale: _sheet(body, name) for locale, body in zip(parts[1::2], parts[2::2], strict=True)}
    if said["id"] != code or set(sheets) != set(LOCALES):
        raise PromptInvalid(f"prompts/{name}.md: its id is not its name, or a language is missing")
    return f"{code}@{said['version']}#{digest_of(content)}", sheets


def _sheet(body: str, name: str) -> _Sheet:
    lines = [line.strip() for line in body.splitlines() if line.strip()]
    title = [line[3:] for line in lines if line.startswith("## ")]
    question = [line[2:] for line in lines if line.startswith("> ")]
    steps = tuple(_STEP.sub("", line) for line in lines if _STEP.match(line))
    cause = [line for line in lines if not line.startswith(("## ", "> ")) and not _STEP.match(line)]
    if not (len(title) == len(question) == len(cause) == 1 and steps):
        raise PromptInvalid(f"prompts/{name}.md: needs one title, one cause, steps and one question in each language")
    return _Sheet(title[0], cause[0], steps, question[0])
