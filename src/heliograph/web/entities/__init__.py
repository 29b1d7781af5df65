"""The JSON shapes of the Mastodon API: complete, so that a client never meets a missing key.

Source: the entity pages of the Mastodon documentation, 4.x.
"""
