"""Modules and layers."""
