"""Serving: a model behind an HTTP port, hardened by default. FastAPI and uvicorn are imported when serving starts."""
