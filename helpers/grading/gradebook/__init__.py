"""Marks: from the records in an executed notebook to nbgrader's database and the tables."""
