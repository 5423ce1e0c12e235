"""`nbgrader generate_assignment`, which formgrader's "Generate" calls, as `make build` releases.

nbgrader begins with the instructor's notebook, in which cells that are the instructor's alone and
the stubs of answers can no longer be told from the rest. So its text is taken instead.
"""

from pathlib import Path

from nbconvert.exporters.exporter import ResourcesDict
from nbformat import NotebookNode
from nbgrader.converters.base import NbGraderException
from nbgrader.preprocessors import NbGraderPreprocessor

from helpers.authoring import source
from helpers.authoring.errors import BuildError
from helpers.authoring.notebook_file import normalise
from helpers.authoring.release import release


class ReleaseAsBuilt(NbGraderPreprocessor):
    """Puts what `make build` releases in the place of the instructor's notebook, or refuses."""

    def preprocess(
        self, nb: NotebookNode, resources: ResourcesDict
    ) -> tuple[NotebookNode, ResourcesDict]:
        lesson, name = (resources["nbgrader"][key] for key in ("assignment", "notebook"))
        text = Path(resources["metadata"]["path"], f"{name}.md")
        try:
            if not text.is_file():
                raise BuildError(
                    f"there is no {text}. Students' notebooks are made from that text, not from "
                    f"{name}.ipynb, which holds solutions"
                )
            built = release({name: source.read(text, f"{lesson}/{text.name}")}, lesson)[name]
        except BuildError as error:
            refusal = f"{name} is not released: {error}. (“make build” says the same.)"
            self.log.error(refusal)
            raise NbGraderException(refusal) from None
        normalise(built)
        return built, resources
