"""Tables in the docstrings of modules, kept as they stand.

A module's docstring lists what it holds in columns, indented, which reads well in an editor.
reStructuredText would take that for a quotation and run the lines together; here it becomes a
literal block.
"""

from typing import Any

from sphinx.application import Sphinx

__all__ = ["kept_as_they_stand", "setup"]


def setup(app: Sphinx) -> dict[str, bool]:
    """Called by Sphinx: look at each docstring before it is read."""
    app.connect("autodoc-process-docstring", _process)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def _process(app: Sphinx, what: str, name: str, obj: Any, options: Any, lines: list[str]) -> None:
    if what == "module":
        lines[:] = kept_as_they_stand(lines)


def kept_as_they_stand(lines: list[str]) -> list[str]:
    """The lines, with `::` before each indented block that has none.

    Example:
        >>> kept_as_they_stand(["Two things.", "", "    one   first", "    two   second"])
        ['Two things.', '', '::', '', '    one   first', '    two   second']
    """
    kept: list[str] = []
    told = ""  # the last line that was not indented
    for line in lines:
        begins = line.startswith("    ") and (not kept or not kept[-1].strip())
        if begins and not told.endswith("::"):
            kept += ["::", ""]
            told = "::"
        elif line.strip() and not line.startswith(" "):
            told = line.rstrip()
        kept.append(line)
    return kept
