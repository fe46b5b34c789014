"""Running under uvicorn: all that knows its insides."""
