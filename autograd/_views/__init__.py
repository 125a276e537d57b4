"""Views of a finished graph: labels, numbers and formulas, which all of them share."""
