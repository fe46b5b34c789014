"""Yjs updates: reading them, judging them, merging them. `replica` alone knows pycrdt."""
