"""What can be wrong with a source, said to its author."""


class BuildError(Exception):
    """A notebook cannot be built. The message says which, where, and what to do."""
