"""The view that operators have of the processes of a server, and what they may do there."""
