"""The product: who may do what, and what they see. Knows stores, never the web or a driver."""
