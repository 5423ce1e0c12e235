"""Notebooks are executed: in sealed kernels, here or on a cluster."""
