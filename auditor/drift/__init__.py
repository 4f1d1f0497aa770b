"""What changed between two runs of a tenant. Pure: compares, and asks nobody."""
