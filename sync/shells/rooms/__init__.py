"""The rooms that a process has open: loading them, committing, carrying out their effects."""
