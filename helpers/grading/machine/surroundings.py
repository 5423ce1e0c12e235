"""What a run needs of its surroundings, looked at before it begins."""

import os
import sys
import tempfile

from helpers.grading.errors import NothingGraded

OPEN_FILES = 512  # of one process; running.limits gives each notebook's processes as many
# A socket's path has at most so many bytes, the zero at its end not counted.
LONGEST_SOCKET = 107 if sys.platform == "linux" else 103
IN_SCRATCH, IN_FOLDER = "/grade-run-12345678", "/k12345678/sockets/k-12"  # see scratch, kernels


def check(in_scratch: bool = True) -> None:
    """Raises NothingGraded if a run could not work here, saying what it needs and how to have it.

    in_scratch: whether its temporary files have a folder of their own, as only those of
    `nbgrader autograde` have not.
    How many files may be open is raised as far as that needs no rights.
    """
    if sys.platform == "win32":
        return
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = OPEN_FILES if hard == resource.RLIM_INFINITY else min(OPEN_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    if wanted < OPEN_FILES:
        raise NothingGraded(
            f"A process may have only {hard} files open here, and grading needs {OPEN_FILES}. Say "
            f"“ulimit -n {OPEN_FILES}” and give the command again; if that is refused, do so in a "
            "new terminal, or have whoever runs this machine raise “nofile” for you (in "
            "/etc/security/limits.conf; in a container “--ulimit nofile=1024”)."
        )
    folder = os.path.abspath(tempfile.gettempdir())
    room = LONGEST_SOCKET - len(IN_FOLDER) - (len(IN_SCRATCH) if in_scratch else 0)
    length = len(os.fsencode(folder))
    if length > room:
        raise NothingGraded(
            f"The path of the folder for temporary files, {folder}, has {length} bytes; at most "
            f"{room} leave room for the sockets' names in it. Name a shorter one in TMPDIR, such "
            "as TMPDIR=/tmp."
        )
