"""The Mastodon client API, a module a feature."""
