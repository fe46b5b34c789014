"""The bus between the processes that serve one log."""
