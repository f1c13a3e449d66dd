"""Postcodes: finds by a service of postcodes.io's shape what the platform's own table does not know."""
