"""Tell campaigns of model distillation in API traffic from heavy legitimate use."""

__version__ = "0.1.0"
