"""Compressed history: consecutive events of one document as one value of bytes. Pure: no SQL."""
