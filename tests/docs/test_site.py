"""The rendered pages: built without a warning, complete, and whole without the internet."""

import importlib
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.course.test_public_names import PUBLIC

from .pages import REPOSITORY

# what learners meet in test cells, and the messages that they read, have pages elsewhere
NOT_IN_THE_LIBRARY = {"course", "course.errors"}
MODULES = sorted(set(PUBLIC) - NOT_IN_THE_LIBRARY)


@pytest.fixture(scope="session")
def site(once: Callable[[str, Callable[[Path], object]], Path]) -> Path:
    def make(folder: Path) -> None:
        builder = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q", "-b", "html"]
        done = subprocess.run(
            [*builder, "-d", folder / "doctrees", REPOSITORY / "docs", folder / "html"],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr

    return once("the pages", make) / "html"


def page(site: Path, module: str) -> str:
    name = module.removeprefix("course.")
    return (site / "library" / f"{name}.html").read_text("utf-8")


@pytest.mark.parametrize("module", MODULES)
def test_every_public_name_of_the_library_stands_on_its_page(site: Path, module: str) -> None:
    text = page(site, module)
    named = {name for name in PUBLIC[module] if re.search(rf'id="[\w.]+\.{name}"', text)}
    assert named == set(PUBLIC[module])


@pytest.mark.parametrize("module", MODULES)
def test_every_page_begins_with_words_of_its_own(module: str) -> None:
    name = module.removeprefix("course.")
    text = (REPOSITORY / "docs" / "library" / f"{name}.md").read_text("utf-8")
    prose = re.sub(r"(?s)^---.*?---|```.*?```|^#.*?$", "", text, flags=re.M)
    assert len(prose.split()) > 15


@pytest.mark.parametrize("module", MODULES)
def test_every_formula_is_typeset(site: Path, module: str) -> None:
    exported = importlib.import_module(module)
    formulas = sum((getattr(exported, n).__doc__ or "").count(".. math::") for n in PUBLIC[module])
    assert page(site, module).count('<math display="block"') >= formulas


@pytest.mark.parametrize("module", ["course.data", "course.invariance", "course.models"])
def test_a_table_in_the_docstring_of_a_module_keeps_its_lines(site: Path, module: str) -> None:
    table = (importlib.import_module(module).__doc__ or "").partition("\n    ")[2]
    first, second = (line.split()[0].rstrip(",") for line in table.splitlines()[:2])
    text = page(site, module)
    assert re.search(rf"<pre>[^\n]*{first}[^\n]*\n[^\n]*{second}", text)


def test_no_page_loads_anything_from_the_internet(site: Path) -> None:
    pages = list(site.rglob("*.html"))
    assert len(pages) > 10
    for each in pages:
        text = each.read_text("utf-8")
        loaded = re.findall(r'<(?:script|img|iframe)[^>]*\ssrc="([^"]+)"', text)
        loaded += re.findall(
            r'<link[^>]*rel="(?:stylesheet|preload|icon)"[^>]*href="([^"]+)"', text
        )
        assert [url for url in loaded if "//" in url] == [], each.name


def test_a_formula_that_cannot_be_typeset_stops_the_build() -> None:
    code = (
        "import sys; sys.path.insert(0, 'docs')\n"
        "from docutils import nodes\nfrom extensions.mathml import _typeset\n"
        "_typeset(nodes.math(text=r'\\frac{1}{'))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True, check=False
    )
    assert "this formula cannot be typeset" in done.stderr
