"""The ground: types, settings, the one source of random numbers, the one door for rows of data."""
