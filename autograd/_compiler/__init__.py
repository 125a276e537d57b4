"""`compile` and the replay of training steps: a recorded computation as source."""
