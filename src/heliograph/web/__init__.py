"""The ASGI app: OAuth, the Mastodon client API, HTML pages. Parses, calls the domain, renders.

No rule of the product and no SQL stands here.
"""
