"""Skills Builder for Waypost: essential skills, their steps, and the badges that show them."""
