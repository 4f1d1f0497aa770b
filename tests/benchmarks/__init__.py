"""Measurements, printed as figures and never asserted: `make bench`, or `python -m tests.benchmarks NAME`."""
