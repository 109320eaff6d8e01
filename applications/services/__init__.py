"""What people do with an application, one module per person who does it."""
