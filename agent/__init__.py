"""A question to a grounded answer."""
