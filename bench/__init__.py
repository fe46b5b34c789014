"""Measurements: one question a file, JSON out. `python -m bench` asks them all."""
