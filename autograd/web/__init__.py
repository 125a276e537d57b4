"""Pages that live: scripts, a stylesheet, and what joins them into one file."""
