"""Tries a change on a copy of the case: before and after on the same held-out images, with an interval."""
