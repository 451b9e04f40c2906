"""Which accused stream a new request is of: what a scan has learnt, kept so that single requests are looked up."""
