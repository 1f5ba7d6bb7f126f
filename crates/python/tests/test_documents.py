"""What documents show: their code runs, and the notebook has its pictures."""

import base64
import doctest
import pathlib
import re
import runpy

import implicit_bias
import pytest
from conftest import ROOT

EXAMPLES = pathlib.Path(__file__).resolve().parents[1] / "examples"


def blocks(page):
    """The blocks of Python that use the package."""
    text = (ROOT / page).read_text(encoding="utf-8")
    found = re.findall(r"^```python\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    return [block for block in found if re.search(r"\bib\.|implicit_bias", block)]


@pytest.mark.parametrize("page, least", [("README.md", 1), ("docs/python.md", 6), ("docs/own-network.md", 1)])
def test_code_of_pages_runs(tmp_path, monkeypatch, page, least):
    pytest.importorskip("matplotlib").use("agg")
    monkeypatch.chdir(tmp_path)
    code = blocks(page)
    assert len(code) >= least
    # As a reader types it: one block after another.
    exec(compile("\n".join(code), page, "exec"), {"__name__": page})


@pytest.mark.parametrize("name", ["_arrays", "_follow", "_many", "_runs"])
def test_examples_of_docstrings(name):
    module = getattr(implicit_bias, name)
    assert doctest.testmod(module).failed == 0


def test_the_example_of_the_package():
    found = doctest.testmod(implicit_bias)
    assert found.attempted > 5 and found.failed == 0


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.py")), ids=lambda path: path.name)
def test_examples_run(tmp_path, monkeypatch, path):
    pytest.importorskip("matplotlib").use("agg")
    monkeypatch.chdir(tmp_path)
    runpy.run_path(str(path), run_name="__main__")
    assert any(tmp_path.iterdir())


def test_the_notebook_tells_its_story(tmp_path, monkeypatch):
    # A kernel has a backend of its own, which shows pictures.
    monkeypatch.delenv("MPLBACKEND", raising=False)
    nbformat = pytest.importorskip("nbformat")
    nbclient = pytest.importorskip("nbclient")
    book = nbformat.read(EXAMPLES / "story.ipynb", as_version=4)
    nbclient.NotebookClient(book, timeout=300, resources={"metadata": {"path": tmp_path}}).execute()
    cells = [cell for cell in book.cells if cell.cell_type == "code"]
    assert len(cells) == 10
    pictures, text = 0, ""
    for cell in cells:
        for output in cell.outputs:
            assert output.output_type != "error" and output.get("name") != "stderr", output
            data = output.get("data", {})
            text += output.get("text", "") + data.get("text/plain", "")
            if "image/png" in data:
                picture = base64.b64decode(data["image/png"])
                assert picture.startswith(b"\x89PNG") and len(picture) > 5000
                pictures += 1
            pictures += "image/svg+xml" in data
    assert pictures == 7 and "proven" in text and "refuted" in text
