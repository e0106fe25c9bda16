"""Moodreel's windows, painting, sound and command line, on top of the engine."""
