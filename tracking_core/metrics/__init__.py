"""What Prometheus reads at ``/metrics``, declared once and listed in docs/telemetry.md. No label names a tenant."""
