"""Named versions of documents in SQL, and how far automatic ones are made."""
