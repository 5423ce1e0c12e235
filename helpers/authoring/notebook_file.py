"""A notebook as the text of its file, the same whoever built it and when."""

import nbformat
from nbformat import NotebookNode

import helpers

KERNELSPEC = {"display_name": "Python 3", "language": "python", "name": "python3"}
# Without the interpreter's version: notebooks are the same from Python 3.11 on.
LANGUAGE_INFO = {
    "codemirror_mode": {"name": "ipython", "version": 3},
    "file_extension": ".py",
    "mimetype": "text/x-python",
    "name": "python",
    "nbconvert_exporter": "python",
    "pygments_lexer": "ipython3",
}


def normalise(notebook: NotebookNode) -> None:
    """Give cells their grade_id as id, and drop what depends on the machine or the hour."""
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    notebook.metadata = {
        "backprop": {"release": helpers.__version__},
        "kernelspec": KERNELSPEC,
        "language_info": LANGUAGE_INFO,
    }
    for cell in notebook.cells:
        cell.id = cell.metadata.nbgrader.grade_id
        for key in ("execution", "collapsed", "trusted"):
            cell.metadata.pop(key, None)


def as_text(notebook: NotebookNode) -> str:
    """The text of the notebook's file."""
    normalise(notebook)
    nbformat.validate(notebook)
    return nbformat.writes(notebook, version=nbformat.NO_CONVERT).rstrip("\n") + "\n"
