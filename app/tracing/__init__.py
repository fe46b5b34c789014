"""Traces of edits for OpenTelemetry: an optional extra."""
