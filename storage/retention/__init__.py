"""Retention: old events are merged into one each, by the rule of their document."""
