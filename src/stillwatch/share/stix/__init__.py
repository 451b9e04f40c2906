"""The standards face: what may be told of a campaign as STIX 2.1, and back without loss."""
