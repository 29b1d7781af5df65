"""For those who run the site: health, readiness, metrics."""
