"""Lateness: when each notebook was handed in, when it was due, and what that costs."""
