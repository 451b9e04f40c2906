"""From logs to findings: the only place that wires the stages of a scan together."""
