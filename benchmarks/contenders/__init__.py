"""One file for each contender: a function for each workload that it takes part in."""
