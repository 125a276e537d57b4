"""The table of primitives, by the chapters of the Array API standard."""
