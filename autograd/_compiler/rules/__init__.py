"""Rules of the table as source: they are run on symbols."""
