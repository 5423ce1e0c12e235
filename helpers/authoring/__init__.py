"""Build the notebooks from their text sources: `python -m helpers.authoring`.

solutions/<lesson>/<notebook>.md, written by people, becomes solutions/<lesson>/<notebook>.ipynb
with its outputs, and notebooks/<lesson>/<notebook>.ipynb for students, without any solution.
source.py says what authors write.
"""
