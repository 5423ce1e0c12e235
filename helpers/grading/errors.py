"""What can be wrong, said to the instructor or the student."""


class NothingGraded(Exception):
    """Nothing could be done at all. The message says why, and what to do."""


class Unreadable(Exception):
    """A file that a student handed in cannot be graded. The message says why, in plain words."""
