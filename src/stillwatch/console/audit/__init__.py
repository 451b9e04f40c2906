"""The audit: what is on record of all that people and the service did, proved, verified and handed out."""
