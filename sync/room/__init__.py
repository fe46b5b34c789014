"""One document's room as a state machine: facts in, effects out."""
