"""Local accounts: passwords, invitations, and the sessions of browsers."""
