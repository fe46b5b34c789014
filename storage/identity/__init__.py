"""Users in SQL, and what proves them: web sessions, tickets, API tokens, invitations."""
