"""Badge Nation for Waypost: memberships in a network that reviews badges, and what its templates cost."""
