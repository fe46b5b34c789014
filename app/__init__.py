"""The FastAPI application: settings, identity, endpoints and the command line."""
