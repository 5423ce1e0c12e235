"""nbgrader's configuration: the same directories and classes as `python -m helpers.grading`.

With it, `nbgrader generate_assignment tutorial` (the notebooks that `make build` writes, into
gradebook/release/), `nbgrader autograde tutorial`, `nbgrader generate_feedback tutorial` and
formgrader (`jupyter lab`, Nbgrader > Formgrader, started in this directory) work on the same
gradebook, in the database that the environment variable BACKPROP_DB names, if it does.
"""

import sys
from pathlib import Path

from helpers.grading.errors import NothingGraded
from helpers.grading.gradebook.database import chosen, find_alembic
from helpers.grading.settings import configure, course_at

root = Path(__file__).resolve().parent
try:
    database = chosen()
except NothingGraded as error:
    print(error, file=sys.stderr)
    sys.exit(2)  # of any other exception nbgrader makes a warning, and opens an empty gradebook
# Without these, nbgrader and formgrader could not begin with a gradebook that is not there yet.
(root / "gradebook").mkdir(exist_ok=True)
find_alembic()
c = get_config()  # noqa: F821
configure(c, course_at(root, root / "gradebook", database), root)
# Formgrader's "Generate" too: nbgrader's own steps would release what is the instructor's alone.
c.GenerateAssignment.preprocessors = [
    "helpers.authoring.generate_assignment.ReleaseAsBuilt",
    "nbgrader.preprocessors.CheckCellMetadata",
    "nbgrader.preprocessors.SaveCells",
]
