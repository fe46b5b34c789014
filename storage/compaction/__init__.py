"""Compaction: old events move from rows into segments, and are read through both."""
