"""A student's answers, laid into the released notebook."""
