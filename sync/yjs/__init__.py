"""Yjs updates: reading them, judging them, merging them. `native` alone imports pycrdt."""
