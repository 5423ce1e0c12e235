"""This machine: its cores and memory, files, locks, temporary folders and installed versions."""
