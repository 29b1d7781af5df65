"""Streams to clients: as WebSockets and as server-sent events."""
