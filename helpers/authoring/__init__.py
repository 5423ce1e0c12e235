"""Build the notebooks from their text sources: `python -m helpers.authoring`.

solutions/<lesson>/<notebook>.md, written by people, becomes solutions/<lesson>/<notebook>.ipynb
with its outputs, and notebooks/<lesson>/<notebook>.ipynb for students, without any solution.
source.py says what authors write.
"""

import importlib.util
import sys

# Its commands would else end with a stack trace where only the students' packages are.
if importlib.util.find_spec("jupytext") is None:
    sys.exit(
        "Building needs packages that are not installed here, jupytext for one. Install them with "
        "`python install.py --all`, or with `pip install -r requirements.txt`."
    )
