"""Read the pages of the documentation: their commands, code, links, headings."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

REPOSITORY = Path(__file__).resolve().parents[2]
PAGES = (
    "README.md",
    "docs/instructor.md",
    "docs/author.md",
    "docs/new-week.md",
    "docs/nbgrader-courses.md",
    "docs/hub.md",
    "docs/kubernetes.md",
    "docs/learner.md",
    "docs/week3.md",
    "docs/assignments.md",
    "docs/performance.md",
    "docs/security.md",
    "docs/README.md",
    "docs/decisions/README.md",
    "CONTRIBUTING.md",
    "CHANGELOG.md",
    "benchmarks/README.md",
)


@dataclass(frozen=True)
class Command:
    """One line that a reader may type, and the lines that the page says it prints."""

    page: str
    text: str
    output: tuple[str, ...]


def read(page: str) -> str:
    return (REPOSITORY / page).read_text(encoding="utf-8")


def code(page: str, language: str) -> list[str]:
    """The fenced blocks of a language, without the indentation of a list around them."""
    return [
        token.content
        for token in _tokens(page)
        if token.type == "fence" and token.info.strip() == language
    ]


def commands(page: str) -> list[Command]:
    """What stands behind a `$` in console blocks, and every line of sh blocks."""
    found = [line for block in code(page, "sh") for line in block.splitlines() if line.strip()]
    return [Command(page, line, ()) for line in found] + [
        Command(page, first, tuple(rest))
        for block in code(page, "console")
        for first, *rest in (part.splitlines() for part in re.split(r"^\$ ", block, flags=re.M)[1:])
    ]


def section(page: str, heading: str) -> str:
    """The text from a heading to the next one."""
    parts = re.split(r"^(#+ .*)$", read(page), flags=re.M)
    found = [body for title, body in zip(parts[1::2], parts[2::2], strict=True) if heading in title]
    return "\n".join(found)


def anchors(page: str) -> set[str]:
    """The fragments by which the headings of a page can be linked to."""
    tokens = _tokens(page)
    titles = [
        tokens[number + 1].content
        for number, token in enumerate(tokens)
        if token.type == "heading_open"
    ]
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def links(page: str) -> Iterator[tuple[str, str, bool]]:
    """Target, text and whether it is a picture, of each link of a page."""
    for token in _tokens(page):
        for child in token.children or ():
            if child.type == "link_open":
                yield str(child.attrs["href"]), "link", False
            elif child.type == "image":
                yield str(child.attrs["src"]), child.content, True


def _tokens(page: str) -> list[Token]:
    return MarkdownIt("commonmark").enable("table").parse(read(page))
