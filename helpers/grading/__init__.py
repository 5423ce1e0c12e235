"""Grading: `python -m helpers.grading SUBMISSIONS`.

    intake   (archive, intake)   finds each student's notebooks; sets aside what cannot be read
    repair   (repair)            lays the student's answers into the released notebook
    run      (run, sandbox)      executes it in a kernel of its own, sealed off
    score    (score)             judges the recorded answers, outside that kernel
    save     (save)              writes nbgrader's gradebook, through nbgrader's own converter
    report   (tables, feedback, report)   the CSV files, a page for each notebook, one for the class

`preprocessors` holds the classes that nbgrader runs, ours and plain `nbgrader autograde` alike.
What is known of a notebook after grading is a `results.Result`.
"""
