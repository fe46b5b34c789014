"""The log of a server: one line for each record, without secrets, whatever a peer sends."""
