"""One document: its text, its newest events, and how a submission becomes the next event."""
