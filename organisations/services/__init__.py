"""What people do with an organisation: its members, and who is asked to join."""
