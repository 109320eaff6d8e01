"""What the operator's staff do with applications, and what they see of them."""
