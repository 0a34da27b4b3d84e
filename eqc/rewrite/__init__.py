"""Value programs are rewritten before they are differentiated; the meaning stays the same."""
