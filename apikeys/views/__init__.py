"""The pages of keys: what a member of an organisation sees and does with them."""
