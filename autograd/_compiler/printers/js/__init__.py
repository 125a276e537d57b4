"""JavaScript, piece by piece: scalar functions, loops, statements."""
