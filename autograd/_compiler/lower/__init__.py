"""A program as instructions: scalar loops over known shapes, for languages that have no arrays."""
