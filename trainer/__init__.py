"""Moodreel's trainer: builds and scores model bundles. Needs the extra `train` (torch)."""
