"""The core of Quire: it merges the edits of many writers into one log for each document."""
