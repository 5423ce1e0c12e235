"""nbgrader's configuration: the same directories and classes as `python -m helpers.grading`.

With it, `nbgrader autograde tutorial`, `nbgrader generate_feedback tutorial` and formgrader
(`jupyter lab`, Nbgrader > Formgrader, started in this directory) work on the same gradebook, in
the database that the environment variable BACKPROP_DB names, if it does.
"""

import sys
from pathlib import Path

from helpers.grading.errors import NothingGraded
from helpers.grading.gradebook.database import chosen
from helpers.grading.settings import configure, course_at

root = Path(__file__).resolve().parent
try:
    database = chosen()
except NothingGraded as error:
    print(error, file=sys.stderr)
    sys.exit(2)  # of any other exception nbgrader makes a warning, and opens an empty gradebook
configure(get_config(), course_at(root, root / "gradebook", database), root)  # noqa: F821
