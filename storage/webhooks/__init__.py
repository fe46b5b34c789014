"""Webhooks in SQL, and the queue of what is to be delivered to them."""
