"""Grade a class: python -m helpers.grading SUBMISSIONS (see `command`)."""

import os
import sys
import warnings


def warn_as_usual() -> None:
    """Let warnings be no errors, here and in all that is started, whatever -W and the like say.

    A library's warning says nothing about anybody's work. These are Python's own filters.
    """
    os.environ.pop("PYTHONWARNINGS", None)
    if sys.warnoptions:
        sys.warnoptions.clear()
        warnings.resetwarnings()
        for kind in (
            DeprecationWarning,
            PendingDeprecationWarning,
            ImportWarning,
            ResourceWarning,
        ):
            warnings.simplefilter("ignore", kind)


def use_utf8() -> None:
    """Start Python again in its UTF-8 mode where files cannot have names in every script.

    So in a locale such as de_DE (without .UTF-8), in which a Greek name would end the run.
    """
    if sys.getfilesystemencoding() not in ("utf-8", "utf8"):
        os.environ["PYTHONUTF8"] = "1"  # for all that is started from here
        python = [sys.executable, "-X", "utf8", "-m", "helpers.grading"]
        os.execv(sys.executable, [*python, *sys.argv[1:]])


if __name__ == "__main__":
    try:
        use_utf8()
        warn_as_usual()
        # Imported here, so that Ctrl-C is answered while they load.
        from helpers.grading.machine.ctrl_c import let_lost_ctrl_c_come_again

        let_lost_ctrl_c_come_again()
        from helpers.grading import command

        code = command.main()
    except KeyboardInterrupt:  # before the command began, or after it had said what came of it
        print("\nStopped. What is finished is kept.", file=sys.stderr)
        code = 130
    # Else Python ends by the signal after all, where Ctrl-C fell into an exec, as dataclasses have.
    exec("")
    sys.exit(code)
