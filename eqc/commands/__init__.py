"""The commands of `eqc`, one module each; every module has a click command named `command`."""
