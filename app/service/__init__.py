"""The use cases of the application, for HTTP, programs and jobs; nothing in here knows FastAPI."""
