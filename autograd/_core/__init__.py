"""The ground: a row of the table, a node, what applying one to the other makes, and the order of a graph."""
