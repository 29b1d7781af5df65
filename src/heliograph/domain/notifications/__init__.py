"""Notifications: who is told what, how far they have read, and their conversations. Knows nothing of feeds."""
