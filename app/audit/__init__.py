"""The audit trail: who did what, or was refused it; apart from the log and from delivery."""
