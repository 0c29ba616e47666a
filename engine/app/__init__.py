"""Wires ports to adapters and runs the engine. Nobody imports it but the command line."""
