"""What runs the text of a program."""
