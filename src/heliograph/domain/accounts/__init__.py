"""Who exists, and how they prove it. Never knows posts, feeds or the web."""
