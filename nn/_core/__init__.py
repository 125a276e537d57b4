"""The ground: types, settings that users give, the one source of random numbers, the one door for rows of data."""
