"""Identity and permissions."""
