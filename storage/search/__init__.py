"""Full-text search in SQL: the texts as they were read, and the index of their words."""
