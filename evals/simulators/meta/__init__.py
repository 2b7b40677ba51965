"""A strict local simulator of Meta's Conversions API events endpoint, with faults on demand."""
