"""Webhooks: the consumer of the feed of changes that tells other programs of them over HTTP."""
