"""Who may call the service: tokens of gateways, of senders of traffic, of whoever reads the metrics."""
