"""The ASGI app: parses, calls the domain, renders. No rule of the product, no SQL."""
