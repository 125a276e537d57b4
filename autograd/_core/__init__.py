"""The ground: a row of the table, a node, the application of one to the other, and the order of a graph."""
