"""Program -> program: fewer temporaries and no repeated work, with the same meaning."""
