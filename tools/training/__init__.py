"""Heads on frozen vectors."""
