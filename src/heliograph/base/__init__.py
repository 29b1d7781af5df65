"""Settings, topology, ids, clock, errors, paging, metrics, logs. Knows nothing of the product."""
