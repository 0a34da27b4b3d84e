"""How the equations of a project hang together: what follows from what, as a graph that can be drawn."""
