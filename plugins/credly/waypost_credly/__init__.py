"""Credly for Waypost."""
