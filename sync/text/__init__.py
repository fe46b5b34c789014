"""The text and its algebra: deltas, positions, differences."""
