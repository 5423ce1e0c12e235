"""Grading: `python -m helpers.grading SUBMISSIONS`.

`flow` leads a class through these rooms, one after the other:

    intake      finds each student's notebooks, and sets aside what cannot be read
    repair      lays the student's answers into the released notebook
    running     executes it in a sealed kernel of its own, here or on a cluster
    gradebook   scores the recorded answers, outside that kernel, and writes nbgrader's gradebook
    pages       a page for each notebook, and the report on the class
    machine     cores, locks, files and temporary folders, for all of them

What is known of a notebook after its run is a `running.executed.Executed`, after grading a
`gradebook.results.Result`. Worker processes take a student at a time: `student` goes from repair to
the gradebook, then the pages are written. `command.grade` says in which order a run begins.
`preprocessors` takes the same road for plain `nbgrader autograde`.
"""

import sys

# An extra of jsonschema's, for addresses that no notebook has: to import it takes over a second.
# None keeps Python from importing it; typeshed knows modules only.
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]
