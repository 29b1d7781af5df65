"""Feeds: skeleton, hydrate, rules, present; push or pull."""
