"""What gateways ask and tell; machines only, no session and no page."""
