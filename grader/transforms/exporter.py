"""How submissions enter nbgrader's converters: read by us, so that no file stops a batch."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from nbconvert.exporters import NotebookExporter
from nbformat.v4 import new_notebook

__all__ = ["SubmissionExporter"]


class SubmissionExporter(NotebookExporter):
    """Gives Rebuild the path of a submission instead of a parsed notebook.

    Called by nbgrader's Autograde converter, which sets it as `exporter_class`. A file
    that is no notebook would raise in nbgrader's own exporter, and be left ungraded.
    """

    def from_filename(
        self, filename: str, resources: Any = None, **options: Any
    ) -> tuple[str, Any]:
        """Export the submission (first pass) or the rebuilt notebook (second pass)."""
        converter: Any = self.parent
        exporter: Any = super()
        directory = converter.coursedir
        submitted = Path(directory.root, directory.submitted_directory)
        # absolute(), not resolve(): a link must stay visible as one
        if Path(filename).absolute().is_relative_to(submitted):
            resources["course"] = {"submitted": filename}
            exported = exporter.from_notebook_node(new_notebook(), resources=resources, **options)
        else:
            exported = exporter.from_filename(filename, resources=resources, **options)
        text, resources = exported
        return text, resources
