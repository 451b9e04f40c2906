"""Between the service and the exchange: what partners say of a request, and what is taken back after an appeal."""
