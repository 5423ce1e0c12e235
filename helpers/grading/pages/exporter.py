"""The feedback pages for `nbgrader generate_feedback`.

In a module of its own: nbconvert, which this command needs, takes long to import.
"""

from typing import Any

from nbconvert.exporters import Exporter
from nbformat import NotebookNode
from traitlets import Unicode

from helpers.grading.gradebook import results
from helpers.grading.gradebook.marks import by_hand
from helpers.grading.pages import feedback
from helpers.grading.settings import course_at


class FeedbackExporter(Exporter):
    """The page as nbconvert's exporter, so that `nbgrader generate_feedback` writes the same."""

    course_root = Unicode().tag(config=True)
    gradebook_directory = Unicode("gradebook").tag(config=True)

    def _file_extension_default(self) -> str:
        return ".html"

    # nbconvert says that all exporters return a notebook; most return text.
    def from_notebook_node(  # type: ignore[override]
        self, nb: NotebookNode, resources: Any | None = None, **kwargs: Any
    ) -> tuple[str, dict[str, Any]]:
        notebook, resources = super().from_notebook_node(nb, resources, **kwargs)
        ids = resources["nbgrader"]
        course = course_at(self.course_root or None, self.gradebook_directory, ids["db_url"])
        result = results.load(course, ids["student"], ids["assignment"], ids["notebook"])
        if result is None:
            raise ValueError(
                "This notebook has not been graded yet: nbgrader autograde comes first."
            )
        return feedback.page(course, result, notebook, by_hand(course, result)), resources
