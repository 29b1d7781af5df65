"""Pictures drawn by code, for a community that has no cameras. The same seed gives the same picture."""
