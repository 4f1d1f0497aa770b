"""Evidence that stands up: an archive per run, its manifest, who signed it and when.

Pure, but for `authority`, which asks for timestamps.
"""
