"""Figures of the processes: read when they are asked for, and added up over workers."""
