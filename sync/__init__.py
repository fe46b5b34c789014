"""What the project exists for: merging edits of many writers into one log per document."""
