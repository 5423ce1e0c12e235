"""Grading: `python -m helpers.grading SUBMISSIONS`.

    intake   (archive, intake)    finds each student's notebooks; sets aside what cannot be read
    repair   (repair)             lays the student's answers into the released notebook
    run      (run, kernels, zygote, sandbox, outputs)   executes it in a kernel of its own
    score    (score)              judges the recorded answers, outside that kernel
    save     (save, entering, database)   writes nbgrader's gradebook
    report   (tables, feedback, report)   the CSV files, a page for each notebook, one for the class

Worker processes (processes, machine) take a student at a time, from repair to the pages. With
--dask the repair and the run are elsewhere (cluster, cluster_worker, versions).

What is known of a notebook after its run is an `executed.Executed`, after grading a
`results.Result`. `preprocessors` holds the same steps for plain `nbgrader autograde`.
"""

import sys

# An extra of jsonschema's, for addresses that no notebook has: to import it takes over a second.
sys.modules.setdefault("rfc3987_syntax", None)
