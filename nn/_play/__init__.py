"""The playground: a network that is trained in a page of its own, without Python."""
