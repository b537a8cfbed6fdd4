"""`grader doctor`: what this machine can and cannot do."""

from __future__ import annotations

from grader.commands.console import JsonOption, plainly
from grader.commands.findings import show_findings
from grader.configuration import load_course
from grader.doctor import examine
from grader.foreign.finding import find_course_folder
from grader.foreign.health import examine_folder

__all__ = ["doctor"]


@plainly
def doctor(json: JsonOption = False) -> None:
    """Say what this machine can and cannot do; exit code 1 when something needed is missing."""
    folder = find_course_folder()
    findings = examine(load_course().root) if folder is None else examine_folder(folder)
    show_findings(findings, json=json)
