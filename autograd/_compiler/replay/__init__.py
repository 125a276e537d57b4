"""Steps of training whose Python runs as it is written and whose arithmetic is compiled."""
