"""graven: trained networks as C++ types."""

__version__ = "0.1.0"
