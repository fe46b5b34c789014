"""Tokens: tickets, API tokens, and the signed tokens of applications and providers."""
