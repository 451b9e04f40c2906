"""The service beside a gateway: it collects, watches, decides and answers."""
