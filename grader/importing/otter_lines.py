"""The marks of Otter inside of a code cell: solutions by lines, and the heads of tests."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from typing import Any

import yaml
from nbformat import NotebookNode

from grader.authoring.cells import SOLUTION, begin, end
from grader.importing.foreign import Remarks, refusal
from grader.importing.python import parse

__all__ = ["OtterTest", "otter_test", "with_solution_regions"]

_AT_THE_END = re.compile(r"(?P<code>.*?)\s*#\s*(?:SOLUTION(?: NO PROMPT)?|SEED)\s*")
_IGNORE = re.compile(r"(?P<code>.*?)\s*#\s*IGNORE\s*")
_EDGE = re.compile(r"\s*#\s*(?P<edge>BEGIN|END) (?P<what>SOLUTION|IGNORE)(?: NO PROMPT)?\s*")
_PROMPT = re.compile(r"\s*(?:\"\"\"|''');?\s*#\s*(BEGIN|END) PROMPT\s*")
_WHOLE = re.compile(r"\s*##\s*solution\s*##\s*", re.IGNORECASE)
_HIDDEN = re.compile(r"\s*#+\s*hidden( test)?\s*#*\s*", re.IGNORECASE)
_HEAD = re.compile(
    r"\A\s*(?P<quote>\"\"\"|''')\s*#\s*BEGIN TEST CONFIG\s*\n(?P<yaml>.*?)"
    r"(?P=quote);?\s*#\s*END TEST CONFIG\s*\n?",
    re.DOTALL,
)


@dataclass(frozen=True)
class OtterTest:
    """A test cell, without its head; `points` is None where the head gives none."""

    text: str
    hidden: bool
    points: float | None
    name: str


def with_solution_regions(number: int, text: str, remarks: Remarks) -> str:
    """The code with nbgrader's delimiters around the lines that Otter takes out.

    A prompt becomes comments that learners read, and lines to ignore stay as comments.
    """
    lines: list[tuple[str, bool]] = []
    inside = prompted = ignored = False
    for line in text.split("\n"):
        if _WHOLE.fullmatch(line):
            continue
        if match := _EDGE.fullmatch(line):
            is_begin = match["edge"] == "BEGIN"
            if match["what"] == "SOLUTION":
                inside = is_begin
            else:
                ignored = is_begin
        elif match := _PROMPT.fullmatch(line):
            prompted = match[1] == "BEGIN"
            remarks.add(number, "its prompt is a comment now: ours is always `# YOUR CODE HERE`")
        elif prompted:
            lines.append((_comment(line), False))
        elif ignored or _IGNORE.fullmatch(line):
            remarks.add(number, "lines that Otter ignores are comments in the solution now")
            lines.append((_comment(line), True))
        elif match := _AT_THE_END.fullmatch(line):
            lines.append((match["code"], True))
        else:
            lines.append((line, inside))
    return _with_delimiters(lines)


def _comment(line: str) -> str:
    indent = line[: len(line) - len(line.lstrip())]
    return f"{indent}# {line.strip()}" if line.strip() else line


def _with_delimiters(lines: list[tuple[str, bool]]) -> str:
    found, was_inside, indent = [], False, ""
    for line, inside in lines:
        if inside and not was_inside:
            indent = line[: len(line) - len(line.lstrip())]
            found.append(indent + begin(SOLUTION))
        elif was_inside and not inside:
            found.append(indent + end(SOLUTION))
        found.append(line)
        was_inside = inside
    return "\n".join([*found, indent + end(SOLUTION)] if was_inside else found)


def otter_test(number: int, node: NotebookNode, remarks: Remarks) -> OtterTest:
    """Read a test cell: its head, and what it compares, as asserts.

    Raises:
        ImportNotebookError: its head is no YAML, or its points are no number.
    """
    text, config = _without_head(number, node.source)
    first, _, rest = text.partition("\n")
    hidden = bool(_HIDDEN.fullmatch(first)) or bool(config.get("hidden"))
    text = rest if _HIDDEN.fullmatch(first) else text
    messages = {k: v for k, v in config.items() if k.endswith("_message") and v}
    if messages:
        said = "; ".join(f"{key}: {value}" for key, value in messages.items())
        remarks.add(number, f"messages of Otter with no place here: {said}")
    lines = (_IGNORE.sub(r"\g<code>", line) for line in text.split("\n"))
    code = "\n".join(line for line in lines).strip("\n")
    return OtterTest(
        _as_asserts(number, code, node, remarks),
        hidden,
        _points(number, config.get("points")),
        str(config.get("name") or ""),
    )


def _without_head(number: int, text: str) -> tuple[str, dict[str, Any]]:
    match = _HEAD.match(text)
    if match is None:
        return text, {}
    try:
        config = yaml.safe_load(match["yaml"]) or {}
    except yaml.YAMLError as error:
        said = " ".join(str(error).split())[:200]
        raise refusal(number, f"the config of its test is no YAML: {said}", "Mend it.") from error
    if not isinstance(config, dict):
        raise refusal(number, f"the config of its test is {config!r}", "Expected: keys and values.")
    return text[match.end() :], config


def _points(number: int, value: object) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not value >= 0:
        raise refusal(number, f"the points of its test are {value!r}", "Expected: a number.")
    return float(value)


def _as_asserts(number: int, code: str, node: NotebookNode, remarks: Remarks) -> str:
    """Otter compares what the last line shows with what it showed; ours must assert it."""
    tree = parse(code)
    if not isinstance(tree, ast.Module) or not tree.body:
        return code
    last = tree.body[-1]
    if _is_function_of_its_own(tree):
        return _called(number, code, tree, remarks)
    if not isinstance(last, ast.Expr) or _asserts_or_calls_a_test(tree):
        return code
    shown = [o for o in node.get("outputs", ()) if o.output_type == "execute_result"]
    if len(shown) != 1 or "text/plain" not in shown[0].data or len(node.outputs) != 1:
        remarks.add(number, "the test compares its output, which cannot be read: write an assert")
        return code
    lines = code.split("\n")
    above, expression = lines[: last.lineno - 1], ast.get_source_segment(code, last.value)
    expected = shown[0].data["text/plain"]
    if expected in ("True", "np.True_"):
        return "\n".join([*above, f"assert {expression}"])
    return "\n".join([*above, f"assert repr({expression}) == {expected!r}"])


def _is_function_of_its_own(tree: ast.Module) -> bool:
    """Whether the cell is a function that Otter would call, and nobody calls here."""
    return isinstance(tree.body[-1], ast.FunctionDef) and len(tree.body) == 1


def _called(number: int, code: str, tree: ast.Module, remarks: Remarks) -> str:
    function = tree.body[-1]
    assert isinstance(function, ast.FunctionDef)
    names = [argument.arg for argument in function.args.args]
    if "env" in names:
        remarks.add(
            number, "its test takes `env`, all names at once: name what it uses, and call it"
        )
        return code
    return f"{code}\n\n\n{function.name}({', '.join(names)})"


def _asserts_or_calls_a_test(tree: ast.Module) -> bool:
    defined = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
    last = tree.body[-1]
    called = isinstance(last, ast.Expr) and isinstance(last.value, ast.Call)
    return called and ast.unparse(last.value.func) in defined  # type: ignore[attr-defined]
