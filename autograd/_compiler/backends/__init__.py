"""The backends, which run the text of a program."""
