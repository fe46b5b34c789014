"""Full-text search: the consumer of the feed of changes that keeps its index."""
