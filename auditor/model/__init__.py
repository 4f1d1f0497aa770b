"""The frozen types that cross the arrows collect -> snapshot -> evaluate -> findings -> report.

Nothing here reads a file, a clock or the network, and nothing imports from the rest of the program
except `auditor.errors`.
"""
