"""The policies of documents in SQL: grants, share links, owners, and the log of changes to them."""
