"""What connects the processes that serve one log."""
