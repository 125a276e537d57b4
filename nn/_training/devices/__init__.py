"""Training on JAX: one program for a step, on one device or cut along the rows over many."""
