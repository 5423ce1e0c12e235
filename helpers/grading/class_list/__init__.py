"""The class list as platforms export it, and whose row each submission belongs to."""
