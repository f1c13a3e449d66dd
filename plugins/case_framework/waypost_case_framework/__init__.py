"""CASE for Waypost: frameworks of skills as 1EdTech's standard writes them, and badges aligned with their items."""
