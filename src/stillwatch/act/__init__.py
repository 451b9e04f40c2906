"""Acting on what was found: decisions at gateways."""
