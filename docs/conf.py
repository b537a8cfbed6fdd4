"""The rendered pages: Sphinx, MyST-NB and the PyData theme, built without the internet.

    make docs          writes build/docs/index.html

The pages are the Markdown files of this folder, as they read on their own; the library's
pages add the docstrings, formulas typeset as MathML, and figures that are drawn while the
page is built. Every warning is an error, so that no reference leads nowhere.
"""

import sys
from importlib import metadata
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

project = "Saturdays"
author = "the founders"
project_copyright = "the founders, BSD 3-Clause"
release = metadata.version("saturdays")

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx_copybutton",
    "myst_nb",
    "extensions.mathml",
    "extensions.tables",
]
exclude_patterns = ["README.md", "decisions/README.md", "build"]
default_role = "code"  # `reg` in a docstring is an argument

myst_enable_extensions = ["dollarmath", "colon_fence"]
myst_heading_anchors = 3
# links to files outside of this folder are for those who read it in the repository
suppress_warnings = ["myst.xref_missing"]
nb_execution_mode = "force"
nb_execution_raise_on_error = True
nb_execution_timeout = 120
nb_merge_streams = True

autodoc_typehints = "none"  # the shapes stand in the text, under Args
autodoc_member_order = "bysource"
autodoc_default_options = {"members": True, "show-inheritance": False}
napoleon_numpy_docstring = False
napoleon_custom_sections = [("Source", "notes")]
copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True

html_theme = "pydata_sphinx_theme"
html_title = "Saturdays"
html_show_sourcelink = False
html_copy_source = False
html_theme_options = {
    "navigation_with_keys": True,
    "show_prev_next": True,
    "secondary_sidebar_items": ["page-toc"],
    "footer_start": ["copyright"],
    "footer_end": [],
}
