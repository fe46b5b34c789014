"""Programs for working on Quire itself; nothing of this is installed."""
