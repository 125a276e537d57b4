"""A recorded graph as data for a page in which every number can be changed."""
