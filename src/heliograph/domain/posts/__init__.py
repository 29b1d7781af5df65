"""Posts: publish, delete, like. A post lives on its author's shard."""
