"""Graphs of many scalars as small graphs of arrays."""
