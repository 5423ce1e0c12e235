"""A class of sample students, made by code from the solutions, with the marks each must get.

`python -m tests.sample_class` writes it as a Moodle zip, grades it and prints the table.
"""

from tests.sample_class.students import STUDENTS
from tests.sample_class.work import write_zip

__all__ = ["STUDENTS", "write_zip"]
