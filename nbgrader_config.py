"""nbgrader's configuration: the same directories and classes as `python -m helpers.grading`.

With it, `nbgrader autograde tutorial`, `nbgrader generate_feedback tutorial` and formgrader
(`jupyter lab`, Nbgrader > Formgrader, started in this directory) work on the same gradebook.
"""

from pathlib import Path

from helpers.grading.settings import configure, course_at

root = Path(__file__).resolve().parent
configure(get_config(), course_at(root, root / "gradebook"), root)  # noqa: F821
